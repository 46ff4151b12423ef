-- What the worker and imports do with messages and documents.
begin;
create extension if not exists pgtap with schema extensions;
select plan(27);

insert into auth.users (id) values
  ('00000000-0000-4000-8000-00000000000a'), ('00000000-0000-4000-8000-00000000000b');

create function pg_temp.become(who text) returns void language plpgsql as $$
begin
  reset role;
  if who = 'operator' then return; end if;
  perform set_config('request.jwt.claims', json_build_object(
    'sub', '00000000-0000-4000-8000-00000000000' || case who when 'owner' then 'a' else 'b' end,
    'role', 'authenticated')::text, true);
  execute format('set local role %I',
                 case who when 'service_role' then 'service_role' else 'authenticated' end);
end $$;

-- c: chats, 1: messages, 4: images, 6: documents.
create function pg_temp.id(kind text, n integer) returns uuid language sql as $$
  select (kind || '0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid;
$$;

insert into public.chats (id, user_id, title, external_id)
values (pg_temp.id('c', 1), '00000000-0000-4000-8000-00000000000a', 'A chat', 'thread_1');

-- Answers whose writer vanished. Those of other tests are none of this one's.
update public.chat_messages set status = 'complete' where status = 'streaming';
insert into public.chat_messages (id, chat_id, user_id, role, content, status, updated_at)
select pg_temp.id('1', t.n), c.id, c.user_id, 'assistant', 'x', t.status, now() - make_interval(secs => t.age)
from (values (1, 'streaming', 901), (2, 'streaming', 899), (3, 'complete', 9000), (4, 'error', 9000),
             (5, 'streaming', 9000)) t (n, status, age), public.chats c
where c.id = pg_temp.id('c', 1);
create function pg_temp.statuses() returns text language sql as $$
  select string_agg(m.status, ' ' order by m.id) from public.chat_messages m where m.chat_id = pg_temp.id('c', 1);
$$;
select pg_temp.become('service_role');
select is(public.end_silent_messages(900, batch => 1, budget_seconds => 0), 1, 'at least one batch a call');
select pg_temp.become('operator');
select is(pg_temp.statuses(), 'streaming streaming complete error incomplete', 'the one that is silent longest');
select pg_temp.become('service_role');
select is(public.end_silent_messages(900), 1, 'then the other');
select is(public.end_silent_messages(900), 0, 'and no more');
select pg_temp.become('operator');
select is(pg_temp.statuses(), 'incomplete streaming complete error incomplete',
  'neither one that was written within the timeout, nor one that ended');
select is((select updated_at from public.chat_messages where id = pg_temp.id('1', 1)), now(), 'the change has its time');
select pg_temp.become('owner');
select lives_ok(
  format($$ update public.chat_messages set content = 'whole', status = 'complete' where id = %L $$, pg_temp.id('1', 1)),
  'a writer that was only slow ends its answer all the same');

-- Imports.
select pg_temp.become('service_role');
create function pg_temp.import(n integer, external_id text) returns void language sql as $$
  select public.begin_import(pg_temp.id('c', n), '00000000-0000-4000-8000-00000000000a', jsonb_build_object(
    'title', 'Imported', 'is_archived', false, 'metadata', '{}'::jsonb, 'created_at', '2026-01-01',
    'external_id', external_id));
$$;
select lives_ok($$ select pg_temp.import(2, 'thread_2') $$, 'an import of a chat with an external_id');
select lives_ok($$ select pg_temp.import(3, 'thread_1') $$, 'and of one whose external_id the owner has already');
select lives_ok($$ select pg_temp.import(4, null) $$, 'and of one without');
select is((select array_agg(external_id::text order by id) from public.chats
   where id > pg_temp.id('c', 1) and user_id = '00000000-0000-4000-8000-00000000000a'),
  array['thread_2', null, null], 'an external_id is kept where it is free');
select pg_temp.become('owner');
select is((select count(*) from public.chats), 1::bigint, 'the owner sees none of them yet');
select throws_ok(format($$ select * from public.save_messages(%L, '[]') $$, pg_temp.id('c', 2)),
  '23503', 'chat_id: there is no such chat', 'nor saves to one');

-- Messages come before the files that they name.
select pg_temp.become('service_role');
select lives_ok(format($$
  insert into public.chat_messages (id, chat_id, user_id, role, content, parts)
  values (%L, %L, '00000000-0000-4000-8000-00000000000a', 'user', 'x', '["chat-archive:document/%s"]') $$,
  pg_temp.id('1', 10), pg_temp.id('c', 2), pg_temp.id('6', 1)), 'a message names a document that is to come');
insert into public.search_results (id, chat_id, user_id, message_id, block_id, page_number)
select pg_temp.id('3', n), pg_temp.id('c', 2), '00000000-0000-4000-8000-00000000000a', pg_temp.id('1', 10), 'b', 1
from generate_series(1, 3) n;
insert into public.search_results (id, chat_id, user_id, block_id, page_number)
values (pg_temp.id('3', 9), pg_temp.id('c', 1), '00000000-0000-4000-8000-00000000000a', 'b', 1);
-- The third names one that never comes, the ninth is of another chat.
select lives_ok(format($$ select public.await_import_documents(%L, %L) $$, pg_temp.id('c', 2), (
    select jsonb_agg(jsonb_build_object('search_result_id', pg_temp.id('3', r), 'document_id', pg_temp.id('6', d)))
    from (values (1, 1), (2, 1), (3, 2), (9, 1)) t (r, d))),
  'search results wait for their documents');
select lives_ok(format($$ select public.await_import_documents(%L, '[]') $$, pg_temp.id('c', 1)),
  'none of them where nothing is imported');
select pg_temp.become('operator');
insert into public.uploads (id, chat_id, user_id, kind, file_name, content_type, file_size, imported)
values (pg_temp.id('6', 1), pg_temp.id('c', 2), '00000000-0000-4000-8000-00000000000a', 'document', 'a', 'application/pdf', 1, true);
select pg_temp.become('service_role');
select is((select count(*) from public.confirm_uploads((
  select jsonb_agg(jsonb_build_object('id', b.id, 'key', b.key))
  from public.begin_confirm(array[pg_temp.id('6', 1)]) b))),
  1::bigint, 'the document arrives');
select is(array[public.name_import_documents(pg_temp.id('c', 2), 3), public.name_import_documents(pg_temp.id('c', 2), 3),
                public.name_import_documents(pg_temp.id('c', 2), 3)], array[3, 1, 0], 'they are named in slices');
select is((select array_agg(document_id order by id) from public.search_results
   where user_id = '00000000-0000-4000-8000-00000000000a'),
  array[pg_temp.id('6', 1), pg_temp.id('6', 1), null, null],
  'those whose document has come, and none of another chat');
select is((select count(*) from private.import_documents where chat_id = pg_temp.id('c', 2)), 0::bigint, 'nothing waits any more');
select is(public.finish_import(pg_temp.id('c', 2)), true, 'the import ends');
select pg_temp.become('owner');
select is((select array_agg(title::text order by title) from public.chats), array['A chat', 'Imported'], 'the owner sees the chat');
select throws_ok(format($$
  insert into public.chat_messages (chat_id, role, content, parts)
  values (%L, 'user', 'x', '["chat-archive:document/%s"]') $$, pg_temp.id('c', 2), pg_temp.id('6', 2)),
  '23503', null, 'whose messages now name only what is there');
select lives_ok(format($$ update public.chat_messages set parts = parts || '["more"]' where id = %L $$, pg_temp.id('1', 10)),
  'and can be changed');
select pg_temp.become('operator');

-- Deletion in slices. The figures are the caller's, who may be anybody.
create table pg_temp.slices (rows bigint);
grant insert on slices to authenticated;
create function pg_temp.note_slice() returns trigger language plpgsql as $$
begin
  insert into slices select count(*) from gone;
  return null;
end $$;
create trigger note_slice after delete on public.uploads
  referencing old table as gone for each statement execute function pg_temp.note_slice();
insert into public.uploads (chat_id, user_id, file_name, content_type, file_size, sha256, status)
select pg_temp.id('c', 1), '00000000-0000-4000-8000-00000000000a', 'a.png', 'image/png', 1, repeat('0', 64), 'expired'
from generate_series(1, 5);
select pg_temp.become('owner');
select is(public.delete_chats_slice(array[pg_temp.id('c', 1)], max_rows => 2), true, 'a chat goes in slices');
select pg_temp.become('operator');
select is((select max(rows) from slices), 2::bigint, 'its reservations, too');
select pg_temp.become('owner');
select is(public.delete_chats_slice(array[pg_temp.id('c', 2)], budget_seconds => 1e6, max_rows => 0), true,
  'no figure of a caller keeps it at work for ever');
select pg_temp.become('operator');

select * from finish();
rollback;
