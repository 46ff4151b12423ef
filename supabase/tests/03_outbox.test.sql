-- Whatever removes a row that held a key leaves an outbox entry; live keys are protected.
begin;
create extension if not exists pgtap with schema extensions;
select plan(29);

insert into auth.users (id) values ('00000000-0000-4000-8000-00000000000a');
select set_config('request.jwt.claims',
  '{"sub": "00000000-0000-4000-8000-00000000000a", "role": "authenticated"}', true);

create temporary view open_entries as
  select target::text, is_prefix, reason::text, chat_id from public.storage_deletions
  where done_at is null and user_id = '00000000-0000-4000-8000-00000000000a';

insert into public.chats (id, title) values
  ('c0000000-0000-4000-8000-000000000001', 'One'), ('c0000000-0000-4000-8000-000000000002', 'Two');
insert into public.chat_messages (id, chat_id, role, content) values
  ('d0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'user', 'Hello');
insert into public.uploads (id, chat_id, message_id, kind, file_name, content_type, file_size) values
  ('e0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001',
   'd0000000-0000-4000-8000-000000000001', 'image', 'a.png', 'image/png', 10),
  ('e0000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000001', null,
   'document', 'a.pdf', 'application/pdf', 10),
  ('e0000000-0000-4000-8000-000000000003', 'c0000000-0000-4000-8000-000000000001', null,
   'document', 'b.pdf', 'application/pdf', 10),
  ('e0000000-0000-4000-8000-000000000004', 'c0000000-0000-4000-8000-000000000001', null,
   'image', 'never.png', 'image/png', 10);

select is(
  (select s3_path::text from public.uploads where id = 'e0000000-0000-4000-8000-000000000001'),
  '00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/images/e0000000-0000-4000-8000-000000000001.png',
  'the database makes the key of an image');
select is(
  (select incoming_path::text from public.uploads where id = 'e0000000-0000-4000-8000-000000000002'),
  '00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/incoming/e0000000-0000-4000-8000-000000000002',
  'the database makes the incoming key');
select is((select count(*) from open_entries where reason = 'upload_swept'), 4::bigint,
  'each reservation enqueues its incoming key at birth');
select is((select count(*) from open_entries where chat_id is not null), 0::bigint,
  'and without a link to the chat');
select is(
  (select distinct d.not_before from public.storage_deletions d
   where d.user_id = '00000000-0000-4000-8000-00000000000a'),
  (select max(u.closes_at) from public.uploads u
   where u.user_id = '00000000-0000-4000-8000-00000000000a'),
  'due when the reservation closes');
select is(
  (select distinct u.closes_at - u.expires_at from public.uploads u
   where u.user_id = '00000000-0000-4000-8000-00000000000a'),
  interval '1 hour',
  'which is an hour after the URL has died');

select is((select count(*) from public.confirm_uploads(
  '[{"id": "e0000000-0000-4000-8000-000000000001"}, {"id": "e0000000-0000-4000-8000-000000000002"}]'
)), 2::bigint, 'two uploads are confirmed');
select is((select count(*) from public.confirm_uploads(
  '[{"id": "e0000000-0000-4000-8000-000000000001"}]'
)), 1::bigint, 'confirming again changes nothing and says the same');
select is((select count(*) from public.live_object_keys(array[
  '00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/images/e0000000-0000-4000-8000-000000000001.png',
  '00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/documents/e0000000-0000-4000-8000-000000000002.pdf',
  '00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/incoming/e0000000-0000-4000-8000-000000000004',
  '00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/incoming/e0000000-0000-4000-8000-000000000001',
  '00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/images/unknown.png'
])), 3::bigint, 'live rows and open reservations protect their keys, settled ones do not');

-- Moved with expires_at, and by nothing else.
update public.uploads set expires_at = expires_at + interval '5 minutes'
  where id = 'e0000000-0000-4000-8000-000000000004';
select is(
  (select closes_at - expires_at from public.uploads where id = 'e0000000-0000-4000-8000-000000000004'),
  interval '1 hour', 'a reservation that is prolonged closes later');
select throws_ok(
  $$ update public.uploads set closes_at = now() $$, '428C9', null,
  'nobody says when a reservation closes');

-- Another document beside the first, which is then deleted.
select lives_ok($$ select public.confirm_uploads('[{"id": "e0000000-0000-4000-8000-000000000003"}]') $$,
  'another document is confirmed');
select results_eq(
  $$ select document_path::text from public.chats where id = 'c0000000-0000-4000-8000-000000000001' $$,
  array['00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/documents/e0000000-0000-4000-8000-000000000002.pdf'],
  'document_path stays that of the first');
delete from public.chat_documents where id = 'e0000000-0000-4000-8000-000000000002';
select results_eq(
  $$ select document_path::text from public.chats where id = 'c0000000-0000-4000-8000-000000000001' $$,
  array['00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/documents/e0000000-0000-4000-8000-000000000003.pdf'],
  'document_path becomes that of the next');
select results_eq(
  $$ select target from open_entries where reason = 'document_deleted' $$,
  array['00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/documents/e0000000-0000-4000-8000-000000000002.pdf'],
  'the deleted document is enqueued');

select is(
  (select d.not_before from public.storage_deletions d where d.reason = 'copy_swept'
   and d.user_id = '00000000-0000-4000-8000-00000000000a'),
  now() + interval '1 hour',
  'and again for later, because another confirm may still be copying to its key');

-- A message takes its images with it.
delete from public.chat_messages where id = 'd0000000-0000-4000-8000-000000000001';
select results_eq(
  $$ select target from open_entries where reason = 'image_deleted' $$,
  array['00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/images/e0000000-0000-4000-8000-000000000001.png'],
  'the images of a deleted message are enqueued');

select ok(
  (select bool_and(not_before = now() + interval '1 hour' and chat_id is null)
   from public.storage_deletions where reason = 'copy_swept'
     and target like '00000000-0000-4000-8000-00000000000a/%/images/e0000000-0000-4000-8000-000000000001.png'),
  'and again for later');

-- A chat.
delete from public.chats where id = 'c0000000-0000-4000-8000-000000000001';
select results_eq(
  $$ select target from open_entries where reason = 'chat_deleted' $$,
  array['00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/'],
  'a deleted chat enqueues its prefix');
select results_eq(
  $$ select target from open_entries where reason = 'upload_unconfirmed' $$,
  array['00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/images/e0000000-0000-4000-8000-000000000004.png'],
  'and the final key of an open reservation, which a confirm may be copying to');
select isnt_empty(
  $$ select from open_entries where reason = 'copy_swept' and target like '%000000000003.pdf' $$,
  'and of one that was confirmed a short while ago');
select throws_ok(
  $$ insert into public.chats (id, title) values ('c0000000-0000-4000-8000-000000000001', 'Again') $$,
  '23505', null, 'its id can''t be used while objects are left');
update public.storage_deletions set done_at = now()
  where chat_id = 'c0000000-0000-4000-8000-000000000001';
select lives_ok(
  $$ insert into public.chats (id, title) values ('c0000000-0000-4000-8000-000000000001', 'Again') $$,
  'and can when they are gone');
select throws_ok(
  $$ insert into public.uploads (id, chat_id, file_name, content_type, file_size)
     values ('e0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001',
             'a.png', 'image/png', 10) $$,
  '23505', null, 'an upload id is never used again');

-- The user.
delete from auth.users where id = '00000000-0000-4000-8000-00000000000a';
select set_eq(
  $$ select target from open_entries where reason = 'chat_deleted' $$,
  array['00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/',
        '00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000002/'],
  'a deleted user enqueues the prefix of each chat');

-- What can't happen.
select throws_ok($$ truncate public.chats cascade $$, '42501', null, 'chats are not truncated');
select throws_ok($$ truncate public.storage_deletions $$, '42501', null, 'the outbox is not truncated');
select throws_ok(
  $$ insert into public.storage_deletions (chat_id, user_id, target, is_prefix, reason)
     values (null, '00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000a/', true, 'orphan') $$,
  '23514', null, 'a user''s whole prefix is no target');
select throws_ok(
  $$ insert into public.storage_deletions (user_id, target, reason)
     values ('00000000-0000-4000-8000-00000000000a',
             '00000000-0000-4000-8000-00000000000b/c0000000-0000-4000-8000-000000000001/images/a.png', 'orphan') $$,
  '23514', null, 'another user''s key is no target');

select * from finish();
rollback;
