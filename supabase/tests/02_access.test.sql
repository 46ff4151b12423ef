-- What the owner may do, what another user may not, and what no client may.
begin;
create extension if not exists pgtap with schema extensions;
select plan(35);

insert into auth.users (id, email) values
  ('00000000-0000-4000-8000-00000000000a', 'owner@example.com'),
  ('00000000-0000-4000-8000-00000000000b', 'other@example.com');

create function pg_temp.become(who text) returns void language plpgsql as $$
declare
  id text := case who
    when 'owner' then '00000000-0000-4000-8000-00000000000a'
    when 'other' then '00000000-0000-4000-8000-00000000000b'
  end;
begin
  reset role;
  if who = 'nobody' then return; end if;
  perform set_config('request.jwt.claims',
    json_build_object('sub', id, 'role', 'authenticated')::text, true);
  execute format('set local role %I', case who
    when 'anon' then 'anon' when 'service_role' then 'service_role' else 'authenticated' end);
end $$;

-- A chat with one of everything.
select pg_temp.become('owner');
insert into public.chats (id, title) values ('c0000000-0000-4000-8000-000000000001', 'Mine');
insert into public.chat_messages (id, chat_id, role, content) values
  ('d0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'user', 'Hello');
insert into public.search_results (chat_id, message_id, block_id, page_number) values
  ('c0000000-0000-4000-8000-000000000001', 'd0000000-0000-4000-8000-000000000001', 'b1', 1);
insert into public.uploads (id, chat_id, file_name, content_type, file_size, sha256) values
  ('e0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001',
   'page.png', 'image/png', 10, repeat('0', 64));
select pg_temp.become('service_role');
select public.confirm_uploads((
  select jsonb_agg(jsonb_build_object('id', b.id, 'key', b.key))
  from public.begin_confirm(array['e0000000-0000-4000-8000-000000000001'::uuid]) b));

-- The owner.
select pg_temp.become('owner');
select results_eq($$ select title::text from public.chats $$, array['Mine'], 'the owner reads the chat');
select is((select count(*) from public.chat_messages), 1::bigint, 'the owner reads messages');
select is((select count(*) from public.chat_images), 1::bigint, 'the owner reads images');
select is((select count(*) from public.search_results), 1::bigint, 'the owner reads hits');
select is((select status::text from public.uploads), 'confirmed', 'the owner reads uploads');
select is((select count(*) from public.storage_deletions), 1::bigint, 'the owner reads the outbox');
select lives_ok($$ update public.chats set title = 'Still mine', is_archived = true $$,
  'the owner renames and archives');
select lives_ok($$ update public.chat_messages set content = 'Hello again' $$,
  'the owner streams into a message');
select lives_ok($$ update public.chat_images set description = 'A page', message_id = null $$,
  'the owner describes and detaches an image');

-- What the owner may not.
select throws_ok($$ update public.chats set user_id = gen_random_uuid() $$, '42501', null, 'user_id of a chat');
select throws_ok($$ update public.chats set document_path = 'x' $$, '42501', null, 'document_path');
select throws_ok($$ update public.chats set updated_at = now() $$, '42501', null, 'updated_at');
select throws_ok($$ update public.chats set id = gen_random_uuid() $$, '42501', null, 'id of a chat');
select throws_ok($$ update public.chat_messages set seq = 1 $$, '42501', null, 'seq of a message');
select throws_ok($$ update public.chat_images set s3_path = 'x' $$, '42501', null, 's3_path');
select throws_ok($$ update public.chat_images set file_size = 1 $$, '42501', null, 'file_size');
select throws_ok($$ update public.uploads set status = 'confirmed' $$, '42501', null, 'status of an upload');
select throws_ok(
  $$ insert into public.uploads (chat_id, file_name, content_type, file_size, expires_at)
     values ('c0000000-0000-4000-8000-000000000001', 'a', 'image/png', 1, now()) $$,
  '42501', null, 'expires_at of an upload');
select throws_ok(
  $$ insert into public.chat_images (id, chat_id, user_id, image_name, s3_path, content_type, file_size)
     values (gen_random_uuid(), 'c0000000-0000-4000-8000-000000000001',
             '00000000-0000-4000-8000-00000000000a', 'a', 'b', 'image/png', 1) $$,
  '42501', null, 'an image that was not verified');
select throws_ok($$ delete from public.storage_deletions $$, '42501', null, 'the outbox');
select throws_ok($$ delete from public.uploads $$, '42501', null, 'a reservation');
select throws_ok($$ select public.confirm_uploads('[]') $$, '42501', null, 'confirm_uploads');
select throws_ok($$ select public.claim_storage_deletions(1, 1) $$, '42501', null, 'claim_storage_deletions');

-- Another user.
select pg_temp.become('other');
select is_empty($$ select 1 from public.chats $$, 'another user sees no chat');
select is_empty($$ select 1 from public.chat_messages $$, 'another user sees no message');
select is_empty($$ select 1 from public.chat_images $$, 'another user sees no image');
select is_empty($$ select 1 from public.search_results $$, 'another user sees no hit');
select is_empty($$ select 1 from public.uploads $$, 'another user sees no upload');
select is_empty($$ select 1 from public.storage_deletions $$, 'another user sees no outbox entry');
select is_empty($$ update public.chats set title = 'Theirs' returning 1 $$, 'another user updates nothing');
select is_empty($$ delete from public.chats returning 1 $$, 'another user deletes nothing');
select throws_ok(
  $$ insert into public.chat_messages (chat_id, role, content)
     values ('c0000000-0000-4000-8000-000000000001', 'user', 'Let me in') $$,
  '23503', null, 'another user''s message does not get into the chat');
select throws_ok(
  $$ insert into public.uploads (chat_id, file_name, content_type, file_size, sha256)
     values ('c0000000-0000-4000-8000-000000000001', 'a', 'image/png', 1, repeat('0', 64)) $$,
  '23503', null, 'another user''s upload does not get into the chat');

-- Nobody.
select pg_temp.become('anon');
select throws_ok($$ select 1 from public.chats $$, '42501', null, 'anon reads nothing');
select throws_ok($$ insert into public.chats (title) values ('x') $$, '42501', null, 'anon writes nothing');

select * from finish();
rollback;
