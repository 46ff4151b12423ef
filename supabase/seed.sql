-- A user and a chat to look at, for local stacks only: nobody seeds a production database.
-- Sign in as demo@example.com with the password demo-password. Can be run again and again.

insert into auth.users (
  id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data,
  raw_user_meta_data, confirmation_token, recovery_token, email_change, email_change_token_new
) values (
  '0e700000-0000-4000-8000-000000000001', 'authenticated', 'authenticated', 'demo@example.com',
  '$2b$10$9dRjKiCkFV61Xi11WyQGquJuKT2AlzN8JvSiuhyAXoB1Yc09xGtv2', now(),
  '{"provider": "email", "providers": ["email"]}', '{}', '', '', '', ''
)
on conflict do nothing;

-- The platform's sign-in looks users up by instance; the embedded stack has no such column.
do $$
begin
  if exists (
    select from information_schema.columns
    where table_schema = 'auth' and table_name = 'users' and column_name = 'instance_id'
  ) then
    execute $sql$
      update auth.users set instance_id = '00000000-0000-0000-0000-000000000000'
      where id = '0e700000-0000-4000-8000-000000000001'
    $sql$;
  end if;
end
$$;

insert into auth.identities (id, user_id, provider, provider_id, identity_data)
select '0e700000-0000-4000-8000-000000000002', u.id, 'email', u.id::text,
       jsonb_build_object('sub', u.id, 'email', u.email, 'email_verified', true)
from auth.users u
where u.id = '0e700000-0000-4000-8000-000000000001'
on conflict do nothing;

insert into public.chats (id, user_id, title, description, metadata, external_id, created_at)
select '0e700000-0000-4000-8000-0000000000c1', u.id, 'A first chat', 'From supabase/seed.sql.',
       '{"project": "demo"}', 'thread_1', now()
from auth.users u
where u.id = '0e700000-0000-4000-8000-000000000001'
on conflict do nothing;

-- The answer as a framework keeps it, and another one to the same question: branches.
insert into public.chat_messages
  (id, chat_id, user_id, role, content, parts, metadata, parent_id, external_id, status)
select m.id, c.id, c.user_id, m.role, m.content, m.parts, m.metadata, m.parent_id, m.external_id, m.status
from public.chats c
cross join (values
  (1, '0e700000-0000-4000-8000-0000000000a1'::uuid, 'user', 'What is on page 2?', null::jsonb,
   '{}'::jsonb, null::uuid, 'msg_1', 'complete'),
  (2, '0e700000-0000-4000-8000-0000000000a2', 'assistant', 'The **second** chapter begins there.',
   '[{"type": "reasoning", "text": "The heading says so."},
     {"type": "text", "text": "The **second** chapter begins there."}]',
   '{"model": "a-model"}', '0e700000-0000-4000-8000-0000000000a1', 'msg_2', 'complete'),
  (3, '0e700000-0000-4000-8000-0000000000a3', 'assistant', 'Chapter', null,
   '{}', '0e700000-0000-4000-8000-0000000000a1', 'msg_3', 'incomplete')
) as m (n, id, role, content, parts, metadata, parent_id, external_id, status)
where c.id = '0e700000-0000-4000-8000-0000000000c1'
order by m.n
on conflict do nothing;

insert into public.search_results (
  id, chat_id, user_id, message_id, block_id, page_number, block_text, score, coords_norm,
  metadata
)
select '0e700000-0000-4000-8000-0000000000b1', m.chat_id, m.user_id, m.id, 'p2-b1', 2,
       'Chapter 2', 0.9, '[0.1, 0.1, 0.9, 0.15]', '{"kind": "heading"}'
from public.chat_messages m
where m.id = '0e700000-0000-4000-8000-0000000000a2'
on conflict do nothing;
