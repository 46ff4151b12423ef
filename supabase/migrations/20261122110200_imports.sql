-- Imports under way. An import takes many transactions; until its last one its owner does not see the
-- chat, and where that never comes the worker removes it. So a chat is there whole or not at all. Rows
-- of its messages are hidden by nothing but that nobody knows the chat: a second look in every policy
-- would cost every reader, to hide from an owner what is the owner's.

create table private.imports (
  chat_id uuid not null,
  user_id uuid not null,
  expires_at timestamptz not null,
  constraint imports_pkey primary key (chat_id, user_id),
  constraint imports_chat_fkey foreign key (chat_id, user_id)
    references public.chats (id, user_id) on delete cascade
);
comment on table private.imports is
  'Chats that import-chat is still filling. Their owners can''t see them yet.';
comment on column private.imports.chat_id is 'The chat.';
comment on column private.imports.user_id is 'Its owner.';
comment on column private.imports.expires_at is
  'Lease of the import: afterwards it counts as dead, and the worker removes the chat.';
create index imports_expires_at_idx on private.imports (expires_at);

alter table private.imports enable row level security;
create policy "Users' policies on chats can see their own imports" on private.imports
  for select to authenticated using ((select auth.uid()) = user_id);
-- service_role bypasses RLS; the policy says so to readers and linters.
create policy "The import and the worker keep the imports" on private.imports
  for all to service_role using (true) with check (true);
revoke all on table private.imports from public;
-- For the policy below only: without usage on the schema nobody can name the table.
grant select on table private.imports to authenticated;
grant select, insert, update, delete on table private.imports to service_role;

-- One look at a table that is nearly always empty, once a statement.
alter policy "Users can read their own chats" on public.chats
  using (
    (select auth.uid()) = user_id
    and id <> all (array(select i.chat_id from private.imports i))
  );

create function public.begin_import(
  of_chat uuid,
  of_user uuid,
  chat jsonb,
  lease_seconds integer default 900
)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  insert into public.chats (id, user_id, title, description, is_archived, metadata, created_at)
  values (of_chat, of_user, chat ->> 'title', chat ->> 'description',
          (chat ->> 'is_archived')::boolean, chat -> 'metadata',
          (chat ->> 'created_at')::timestamptz);
  insert into private.imports (chat_id, user_id, expires_at)
  values (of_chat, of_user, now() + make_interval(secs => lease_seconds));
$$;
comment on function public.begin_import(uuid, uuid, jsonb, integer) is
  'Makes a chat {title, description, is_archived, metadata, created_at} that its owner can''t see yet.';
revoke all on function public.begin_import(uuid, uuid, jsonb, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.begin_import(uuid, uuid, jsonb, integer) to service_role;

create function public.renew_import(of_chat uuid, lease_seconds integer default 900)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  -- Past its lease the worker may have begun to remove it.
  update private.imports i set expires_at = now() + make_interval(secs => lease_seconds)
    where i.chat_id = of_chat and i.expires_at > now();
  return found;
end
$$;
comment on function public.renew_import(uuid, integer) is
  'Renews the lease of an import. False where it has run out: the worker removes it.';
revoke all on function public.renew_import(uuid, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.renew_import(uuid, integer) to service_role;

create function public.finish_import(of_chat uuid)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  delete from private.imports i where i.chat_id = of_chat and i.expires_at > now();
  return found;
end
$$;
comment on function public.finish_import(uuid) is
  'Shows an imported chat to its owner. False where its lease has run out.';
revoke all on function public.finish_import(uuid) from public, anon, authenticated, service_role;
grant execute on function public.finish_import(uuid) to service_role;

-- One slice of one chat a call: a statement has eight seconds.
create function public.remove_stale_import()
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  stale uuid;
begin
  select i.chat_id into stale from private.imports i
    where i.expires_at <= now()
    order by i.expires_at
    limit 1
    for update skip locked;
  if stale is not null then
    perform public.delete_chats_slice(array[stale]);
  end if;
  return stale;
end
$$;
comment on function public.remove_stale_import() is
  'Removes a slice of a chat whose import died, if there is one. Its objects follow through the '
  'outbox. Returns its id, or null.';
revoke all on function public.remove_stale_import() from public, anon, authenticated, service_role;
grant execute on function public.remove_stale_import() to service_role;
