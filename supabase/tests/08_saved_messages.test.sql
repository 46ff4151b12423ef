-- Messages that are saved as a list, and their deletion.
begin;
create extension if not exists pgtap with schema extensions;
select plan(62);

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

-- The owner has chats 1 and 2, somebody else has chat 3.
insert into public.chats (id, user_id, title)
select pg_temp.id('c', n), ('00000000-0000-4000-8000-00000000000' || u)::uuid, 'A chat'
from (values (1, 'a'), (2, 'a'), (3, 'b')) t (n, u);
insert into public.chat_messages (id, chat_id, user_id, role, content)
select pg_temp.id('1', n), id, user_id, 'user', 'there'
from (values (2, 90), (3, 91)) t (chat, n) join public.chats on id = pg_temp.id('c', chat);

create function pg_temp.message(n integer, columns jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object('id', pg_temp.id('1', n), 'role', 'user', 'content', 'text ' || n) || columns;
$$;
create function pg_temp.save(messages jsonb, replaces integer[] default '{}', chat integer default 1)
returns text language plpgsql as $$
declare
  refused_by text;
  said text;
begin
  return (
    select string_agg(ltrim(right(s.id::text, 12), '0') || ':' || s.content, ' ' order by n)
    from public.save_messages(pg_temp.id('c', chat), messages,
                              array(select pg_temp.id('1', r) from unnest(replaces) r))
      with ordinality s (id, chat_id, user_id, seq, role, content, message_type, parts, metadata,
                         parent_id, external_id, status, created_at, updated_at, bytes, n)
  );
exception when others then
  get stacked diagnostics refused_by = constraint_name, said = message_text;
  return sqlstate || ' ' || coalesce(nullif(refused_by, ''), said);
end $$;
create function pg_temp.stored() returns text language sql as $$
  select string_agg(ltrim(right(id::text, 12), '0'), ' ' order by seq)
  from public.chat_messages where chat_id = pg_temp.id('c', 1);
$$;
create function pg_temp.of(n integer) returns public.chat_messages language sql as $$
  select m from public.chat_messages m where m.id = pg_temp.id('1', n);
$$;
create function pg_temp.deleted(ids integer[], after bigint default null, chat integer default 1,
                                max_rows integer default 1000) returns text language plpgsql as $$
begin
  return coalesce((
    select string_agg(ltrim(right(d::text, 12), '0'), ' ' order by d)
    from public.delete_messages(pg_temp.id('c', chat), array(select pg_temp.id('1', r) from unnest(ids) r),
                                after, max_rows) d), 'none');
exception when others then return sqlstate || ' ' || sqlerrm;
end $$;

select pg_temp.become('owner');

-- New ones.
select is(pg_temp.save(jsonb_build_array(pg_temp.message(3), pg_temp.message(1), pg_temp.message(2))),
  '3:text 3 1:text 1 2:text 2', 'new messages are added in the order of the list');
select is(pg_temp.stored(), '3 1 2', 'and stored in it');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(4, jsonb_build_object(
    'role', 'assistant', 'message_type', 'tool', 'parts', '[1]'::jsonb, 'metadata', '{"a": 1}'::jsonb,
    'parent_id', pg_temp.id('1', 1), 'external_id', 'x4', 'status', 'streaming', 'created_at', '2026-01-02')))),
  '4:text 4', 'one with every column');
select is(
  (select array[role::text, message_type, parts::text, metadata::text, parent_id::text, external_id, status,
                (created_at at time zone 'UTC')::text] from pg_temp.of(4)),
  array['assistant', 'tool', '[1]', '{"a": 1}', pg_temp.id('1', 1)::text, 'x4', 'streaming',
        '2026-01-02 00:00:00'], 'which are stored as given');
select is(
  (select array[message_type::text, parts::text, metadata::text, parent_id::text, external_id, status,
                (created_at = now())::text] from pg_temp.of(1)),
  array['text', null, '{}', null, null, 'complete', 'true'], 'what is left out has its default');
select is(pg_temp.save('[]'), null, 'a list of none changes nothing');

-- Those that are there.
create temporary table before as
  select id, seq from public.chat_messages where chat_id = pg_temp.id('c', 1);
grant select on before to public;
select is(pg_temp.save(jsonb_build_array(pg_temp.message(5), pg_temp.message(2, '{"content": "changed"}'))),
  '2:changed 5:text 5', 'an old message keeps its place, a new one comes after all');
select is((select array_agg(m.id order by m.id) from public.chat_messages m join before b using (id, seq)),
  array(select id from before order by id), 'every seq is as it was');
select is(
  pg_temp.save(jsonb_build_array(jsonb_build_object('id', pg_temp.id('1', 4), 'status', 'complete'))),
  '4:text 4', 'a message needs only what changes');
select is(
  (select array[role::text, content, message_type, parts::text, metadata::text, parent_id::text, external_id, status]
   from pg_temp.of(4)),
  array['assistant', 'text 4', 'tool', '[1]', '{"a": 1}', pg_temp.id('1', 1)::text, 'x4', 'complete'],
  'the rest stays');
select is(
  pg_temp.save(jsonb_build_array(jsonb_build_object('id', pg_temp.id('1', 4), 'parts', null, 'metadata', null,
                                                    'status', null, 'content', null, 'message_type', null))),
  '4:text 4', 'null is not given either');
select is((select array[message_type::text, parts::text, metadata::text, status] from pg_temp.of(4)),
  array['tool', null, '{"a": 1}', 'complete'], 'but for parts, which it empties');
select is(
  pg_temp.save(jsonb_build_array(pg_temp.message(4, jsonb_build_object(
    'role', 'assistant', 'content', 'c', 'message_type', 'm', 'parts', '[2]'::jsonb, 'metadata', '{"b": 2}'::jsonb,
    'status', 'error', 'external_id', 'x4', 'parent_id', null, 'created_at', '2000-01-01')))),
  '4:c', 'the later value stands');
select is(
  (select array[message_type::text, parts::text, metadata::text, status, parent_id::text,
                (created_at at time zone 'UTC')::text] from pg_temp.of(4)),
  array['m', '[2]', '{"b": 2}', 'error', pg_temp.id('1', 1)::text, '2026-01-02 00:00:00'],
  'of what may change; parent and time stay');
select is(pg_temp.save(jsonb_build_array(jsonb_build_object('id', pg_temp.id('1', 4), 'content', 'd'))), '4:d',
  'a message that ended with an error takes content');
select is((select status::text from pg_temp.of(4)), 'error', 'and its status stays');
select pg_temp.become('operator');
insert into public.chat_messages (id, chat_id, user_id, role, content, updated_at)
select pg_temp.id('1', 6), id, user_id, 'user', 'text 6', now() - interval '1 hour'
from public.chats where id = pg_temp.id('c', 1);
select pg_temp.become('owner');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(6, '{"metadata": {}, "status": "complete", "parts": null}'))),
  '6:text 6', 'a message that is saved as it is');
select is((select updated_at from pg_temp.of(6)), now() - interval '1 hour', 'is not written');

-- What is refused, and then nothing is saved.
select is(pg_temp.save('{}'), '22023 messages: a list of at most 1000', 'no list');
select is(pg_temp.save(null), '22023 messages: a list of at most 1000', 'null');
select is(pg_temp.save((select jsonb_agg(pg_temp.message(n)) from generate_series(1000, 2000) n)),
  '22023 messages: a list of at most 1000', 'a list of 1001');
select is(pg_temp.save('[]', array(select generate_series(1000, 2000))), '22023 replaces: at most 1000 ids',
  'replaces 1001');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(10), pg_temp.message(10))),
  '22023 messages: each has an id of its own', 'an id twice');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(10) - 'id')),
  '22023 messages: each has an id of its own', 'no id');
select is(pg_temp.save('[5]'), '22023 messages: each has an id of its own', 'no object');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(10)), '{}', 3), '23503 chat_id: there is no such chat',
  'the chat of somebody else');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(10)), '{}', 4), '23503 chat_id: there is no such chat',
  'a chat that never was, in the same words');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(90))),
  '23505 id: the id is taken by a row with another value', 'an id of the owner''s other chat');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(91))),
  '23505 id: the id is taken by a row with another value', 'an id of somebody else, in the same words');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(1, '{"role": "assistant"}'))),
  '23505 role: the id is taken by a row with another value', 'another role');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(4, '{"role": "assistant", "external_id": "y"}'))),
  '23505 external_id: the id is taken by a row with another value', 'another external_id');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(1, '{"external_id": "y"}'))),
  '23505 external_id: the id is taken by a row with another value', 'an external_id for one that has none');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(10, '{"external_id": "x4"}'))),
  '23505 chat_messages_external_id_key', 'an external_id that another message has');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(1, '{"content": "lost"}'),
                                         pg_temp.message(10), pg_temp.message(11, '{"role": "system"}')), '{2}'),
  '23514 chat_messages_role_known', 'one bad row among good ones');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(10, jsonb_build_object('parent_id', pg_temp.id('1', 11))),
                                         pg_temp.message(11))),
  '23503 parent_id: must be an earlier message of the chat', 'a parent that comes later in the list');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(10, '{"content": null}'))), '23502 '
  || 'null value in column "content" of relation "chat_messages" violates not-null constraint', 'a new one without content');
select is(pg_temp.stored() || ' ' || (select content from pg_temp.of(1)), '3 1 2 4 5 6 text 1',
  'after all of these nothing is saved, changed or removed');
select is(pg_temp.save(jsonb_build_array(pg_temp.message(10),
                                         pg_temp.message(11, jsonb_build_object('parent_id', pg_temp.id('1', 10))))),
  '10:text 10 11:text 11', 'a parent that comes before is taken');

-- What a list replaces.
select is(pg_temp.save(jsonb_build_array(pg_temp.message(1), pg_temp.message(12)), '{1, 2, 10, 80, 90, 91}'),
  '1:text 1 12:text 12', 'a list that replaces others');
select is(pg_temp.stored(), '3 1 4 5 6 11 12',
  'known ones that are not in the list go, those that are in it or that it does not know stay');
select is((select parent_id from pg_temp.of(11)), null, 'whose parent went has none');
select is((select count(*) from public.chat_messages where id = pg_temp.id('1', 90)), 1::bigint,
  'a message of another chat does not go');
select is(pg_temp.save('[]', '{11, 12}'), null, 'a list of none');
select is(pg_temp.stored(), '3 1 4 5 6', 'removes what it replaces');

-- Deletion.
select is(pg_temp.deleted('{5, 80, 90, 91}'), '5', 'ids: those of the chat are deleted and named');
select is(pg_temp.deleted(null, (select seq from pg_temp.of(1)), 1, 2), '22023 ids: give either ids or after_seq',
  'both');
select pg_temp.become('owner');
select throws_ok(format('select public.delete_messages(%L)', pg_temp.id('c', 1)), '22023',
  'ids: give either ids or after_seq', 'neither');
select results_eq(
  format('select right(d::text, 1) from public.delete_messages(%L, after_seq => %s, max_rows => 1) d',
         pg_temp.id('c', 1), (select seq from pg_temp.of(1))),
  array['6'], 'all after a seq, at most so many, the newest first');
select results_eq(
  format('select right(d::text, 1) from public.delete_messages(%L, after_seq => %s) d',
         pg_temp.id('c', 1), (select seq from pg_temp.of(1))),
  array['4'], 'and the rest');
select is(pg_temp.stored(), '3 1', 'the message itself stays');
select is(pg_temp.deleted('{91}', null, 3), 'none', 'of somebody else''s chat nothing is deleted');
select pg_temp.become('operator');
select is((select count(*) from public.chat_messages where id = pg_temp.id('1', 91)), 1::bigint, 'it is all there');

-- Images that other messages name outlive the message that has them.
insert into public.uploads (id, chat_id, user_id, message_id, file_name, content_type, file_size, sha256)
select pg_temp.id('4', n), c.id, c.user_id, pg_temp.id('1', of_message), 'a.png', 'image/png', 1, repeat('0', 64)
from (values (1, 3), (2, 3), (3, null)) t (n, of_message), public.chats c where c.id = pg_temp.id('c', 1);
select is((select count(*) from public.confirm_uploads((
  select jsonb_agg(jsonb_build_object('id', b.id, 'key', b.key))
  from public.begin_confirm(array(select pg_temp.id('4', n) from generate_series(1, 3) n)) b))), 3::bigint,
  'two images of a message and one of none');
select pg_temp.become('owner');
select is(pg_temp.save(jsonb_build_array(
    pg_temp.message(20, jsonb_build_object('parts', jsonb_build_array('chat-archive:image/' || pg_temp.id('4', 1)))),
    pg_temp.message(21, jsonb_build_object('parts', jsonb_build_array(
      'chat-archive:image/' || pg_temp.id('4', 1), 'chat-archive:image/' || pg_temp.id('4', 3)))),
    pg_temp.message(22, jsonb_build_object('parts', jsonb_build_array('chat-archive:image/' || pg_temp.id('4', 3)))))),
  '20:text 20 21:text 21 22:text 22', 'messages that name images');
create function pg_temp.owners() returns text language sql as $$
  select string_agg(right(id::text, 1) || '-' || coalesce(ltrim(right(message_id::text, 12), '0'), 'none'), ' ' order by id)
  from public.chat_images;
$$;
select is(pg_temp.owners(), '1-3 2-3 3-21', 'one of no message goes to the first that names it');
select is(pg_temp.save('[]', '{3}'), null, 'the message with two images is replaced');
select is(pg_temp.owners(), '1-20 3-21', 'the image that another names moves to the first of them, the other goes');
select is(pg_temp.deleted('{20, 21}'), '20 21', 'two that name it are deleted together');
select is(pg_temp.owners(), '3-22', 'an image moves past those that go, and goes where nobody names it');
select is(pg_temp.deleted('{22}'), '22', 'the last one that names an image');
select is(pg_temp.owners(), null, 'takes it along');
select pg_temp.become('operator');
select is(
  (select count(*) from public.storage_deletions
   where reason = 'image_deleted' and user_id = '00000000-0000-4000-8000-00000000000a'),
  3::bigint, 'and every image that went is enqueued, once');

select * from finish();
rollback;
