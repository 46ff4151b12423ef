-- Whatever removes a row that held a key leaves an outbox entry; live keys are protected.
begin;
create extension if not exists pgtap with schema extensions;
select plan(39);

insert into auth.users (id) values ('00000000-0000-4000-8000-00000000000a');
select set_config('request.jwt.claims',
  '{"sub": "00000000-0000-4000-8000-00000000000a", "role": "authenticated"}', true);

create function pg_temp.confirm(variadic ids uuid[]) returns bigint language sql as $$
  select count(*) from public.confirm_uploads((
    select jsonb_agg(jsonb_build_object('id', b.id, 'key', b.key) order by t.n)
    from unnest(ids) with ordinality t (id, n) join public.begin_confirm(ids) b on b.id = t.id
  ));
$$;

create temporary view open_entries as
  select target::text, is_prefix, reason::text, chat_id, not_before, sweeps_left from public.storage_deletions
  where done_at is null and user_id = '00000000-0000-4000-8000-00000000000a';

insert into public.chats (id, title) values
  ('c0000000-0000-4000-8000-000000000001', 'One'), ('c0000000-0000-4000-8000-000000000002', 'Two');
insert into public.chat_messages (id, chat_id, role, content) values
  ('d0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'user', 'Hello');
insert into public.uploads (id, chat_id, message_id, kind, file_name, content_type, file_size, sha256) values
  ('e0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001',
   'd0000000-0000-4000-8000-000000000001', 'image', 'a.png', 'image/png', 10, repeat('0', 64)),
  ('e0000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000001', null,
   'document', 'a.pdf', 'application/pdf', 10, repeat('0', 64)),
  ('e0000000-0000-4000-8000-000000000003', 'c0000000-0000-4000-8000-000000000001', null,
   'document', 'b.pdf', 'application/pdf', 10, repeat('0', 64)),
  ('e0000000-0000-4000-8000-000000000004', 'c0000000-0000-4000-8000-000000000001', null,
   'image', 'never.png', 'image/png', 10, repeat('0', 64));

select is(
  (select incoming_path::text from public.uploads where id = 'e0000000-0000-4000-8000-000000000002'),
  '00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/incoming/e0000000-0000-4000-8000-000000000002-1',
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

select is((select bool_and(sweeps_left = 2) from open_entries), true, 'and again a day later');

select is(pg_temp.confirm('e0000000-0000-4000-8000-000000000001', 'e0000000-0000-4000-8000-000000000002'),
  2::bigint, 'two uploads are confirmed');
select is(pg_temp.confirm('e0000000-0000-4000-8000-000000000001'), 0::bigint, 'and not again');
select is((select count(*) from open_entries where reason like 'copy_%'), 0::bigint,
  'their keys are not in the outbox any more');
select is((select count(*) from public.live_object_keys(array[
  '00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/images/e0000000-0000-4000-8000-000000000001-1.png',
  '00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/documents/e0000000-0000-4000-8000-000000000002-1.pdf',
  '00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/incoming/e0000000-0000-4000-8000-000000000004-1',
  '00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/incoming/e0000000-0000-4000-8000-000000000001-1',
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
select is(pg_temp.confirm('e0000000-0000-4000-8000-000000000003'), 1::bigint,
  'another document is confirmed');
select results_eq(
  $$ select document_path::text from public.chats where id = 'c0000000-0000-4000-8000-000000000001' $$,
  array['00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/documents/e0000000-0000-4000-8000-000000000002-1.pdf'],
  'document_path stays that of the first');
delete from public.chat_documents where id = 'e0000000-0000-4000-8000-000000000002';
select results_eq(
  $$ select document_path::text from public.chats where id = 'c0000000-0000-4000-8000-000000000001' $$,
  array['00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/documents/e0000000-0000-4000-8000-000000000003-1.pdf'],
  'document_path becomes that of the next');
select results_eq(
  $$ select target from open_entries where reason = 'document_deleted' $$,
  array['00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/documents/e0000000-0000-4000-8000-000000000002-1.pdf'],
  'the deleted document is enqueued');

-- A message takes its images with it.
delete from public.chat_messages where id = 'd0000000-0000-4000-8000-000000000001';
select results_eq(
  $$ select target from open_entries where reason = 'image_deleted' $$,
  array['00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/images/e0000000-0000-4000-8000-000000000001-1.png'],
  'the images of a deleted message are enqueued');

-- Attempts to confirm.
select results_eq(
  $$ select key from public.begin_confirm(array['e0000000-0000-4000-8000-000000000004'::uuid]) $$,
  array['00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/images/e0000000-0000-4000-8000-000000000004-1.png'],
  'an attempt has a key of its own');
select ok(
  (select chat_id is null and sweeps_left = 2
     and not_before between clock_timestamp() + interval '59 minutes' and clock_timestamp() + interval '1 hour'
   from open_entries where reason = 'copy_unconfirmed'),
  'which is deleted an hour later and again a day later, whatever the chat does');
select isnt_empty(
  $$ select from public.begin_confirm(array['e0000000-0000-4000-8000-000000000004'::uuid]) $$,
  'two may be under way');
select is_empty(
  $$ select from public.begin_confirm(array['e0000000-0000-4000-8000-000000000004'::uuid]) $$,
  'and no third');
select public.give_up_confirm(array(select target from open_entries where target like '%004-1.png'));
select isnt_empty(
  $$ select from public.begin_confirm(array['e0000000-0000-4000-8000-000000000004'::uuid]) $$,
  'until one is given up');
select is_empty(
  $$ select from public.confirm_uploads(jsonb_build_array(jsonb_build_object(
       'id', 'e0000000-0000-4000-8000-000000000004',
       'key', (select target from open_entries where target like '%004-1.png')))) $$,
  'what is given up is not recorded');
select is_empty(
  $$ select from public.confirm_uploads(jsonb_build_array(jsonb_build_object(
       'id', 'e0000000-0000-4000-8000-000000000001',
       'key', (select target from open_entries where target like '%004-2.png')))) $$,
  'nor is the key of another upload');
update public.storage_deletions set locked_until = now() where target like '%004-2.png';
update public.storage_deletions set not_before = clock_timestamp() where target like '%004-3.png';
select is_empty(
  $$ select from public.confirm_uploads((select jsonb_agg(jsonb_build_object(
       'id', 'e0000000-0000-4000-8000-000000000004', 'key', target))
     from open_entries where target like '%004-_.png')) $$,
  'nor one that a worker has claimed, or may claim');
select lives_ok(
  $$ update public.uploads set attempts = 10, status = 'reserved' where id = 'e0000000-0000-4000-8000-000000000004' $$,
  'ten attempts were made');
update public.storage_deletions set reason = 'copy_given_up' where reason = 'copy_unconfirmed';
select is_empty(
  $$ select from public.begin_confirm(array['e0000000-0000-4000-8000-000000000004'::uuid]) $$,
  'an eleventh is not begun');
update public.uploads set expires_at = now() - interval '1 second'
  where id = 'e0000000-0000-4000-8000-000000000004';
select results_eq(
  $$ select incoming_path::text from public.renew_uploads(array['e0000000-0000-4000-8000-000000000004'::uuid], 60) $$,
  array['00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/incoming/e0000000-0000-4000-8000-000000000004-2'],
  'a renewal has another key for its bytes');
select isnt_empty(
  $$ select from public.begin_confirm(array['e0000000-0000-4000-8000-000000000004'::uuid]) $$,
  'and ten attempts more');
select throws_ok(
  $$ update public.uploads set status = 'reserved' where id = 'e0000000-0000-4000-8000-000000000002' $$,
  '23514', null, 'what is confirmed stays so');

-- A chat.
delete from public.chats where id = 'c0000000-0000-4000-8000-000000000001';
select results_eq(
  $$ select target from open_entries where reason = 'chat_deleted' $$,
  array['00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/'],
  'a deleted chat enqueues its prefix');
select throws_ok(
  $$ insert into public.chats (id, title) values ('c0000000-0000-4000-8000-000000000001', 'Again') $$,
  '23505', null, 'its id can''t be used while objects are left');
update public.storage_deletions set done_at = now()
  where chat_id = 'c0000000-0000-4000-8000-000000000001';
select lives_ok(
  $$ insert into public.chats (id, title) values ('c0000000-0000-4000-8000-000000000001', 'Again') $$,
  'and can when they are gone');
select throws_ok(
  $$ insert into public.uploads (id, chat_id, file_name, content_type, file_size, sha256)
     values ('e0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001',
             'a.png', 'image/png', 10, repeat('0', 64)) $$,
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
