-- What a message may be: its parts, parent, ids, status and sizes.
begin;
create extension if not exists pgtap with schema extensions;
select plan(68);

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

-- The owner has chats 1 and 2, somebody else has chat 3; each has image and document of its number.
insert into public.chats (id, user_id, title)
select pg_temp.id('c', n), ('00000000-0000-4000-8000-00000000000' || u)::uuid, 'A chat'
from (values (1, 'a'), (2, 'a'), (3, 'b')) t (n, u);
insert into public.uploads (id, chat_id, user_id, kind, file_name, content_type, file_size, sha256)
select pg_temp.id(k.id, n), c.id, c.user_id, k.kind, 'a file', k.content_type, 1, repeat('0', 64)
from generate_series(1, 3) n
join public.chats c on c.id = pg_temp.id('c', n),
     (values ('4', 'image', 'image/png'), ('6', 'document', 'application/pdf'))
       k (id, kind, content_type);
select public.confirm_uploads((
  select jsonb_agg(jsonb_build_object('id', b.id, 'key', b.key))
  from public.begin_confirm(array(
    select u.id from public.uploads u
    where u.user_id in ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b')
  )) b
));

-- Adds message n to a chat with the named columns, or says which rule refuses it.
create function pg_temp.add(n integer, columns jsonb, chat integer default 1) returns text
language plpgsql as $$
declare
  r public.chat_messages := jsonb_populate_record(null::public.chat_messages, columns);
  refused_by text;
  said text;
begin
  execute format(
    'insert into public.chat_messages (id, chat_id, role, content%s) '
    'select $1, $2, ''user'', ''x''%s from jsonb_populate_record(null::public.chat_messages, $3) r',
    (select string_agg(', ' || k, '') from jsonb_object_keys(columns) k),
    (select string_agg(', r.' || k, '') from jsonb_object_keys(columns) k)
  ) using pg_temp.id('1', n), pg_temp.id('c', chat), columns;
  return 'added';
exception when others then
  get stacked diagnostics refused_by = constraint_name, said = message_text;
  return sqlstate || ' ' || coalesce(nullif(refused_by, ''), said);
end $$;
-- Parts with one text, or any value for it.
create function pg_temp.parts(value jsonb) returns jsonb language sql as $$
  select jsonb_build_object('parts', jsonb_build_array(jsonb_build_object('type', 'file', 'url', value)));
$$;
create function pg_temp.parts(value text) returns jsonb language sql as $$
  select pg_temp.parts(to_jsonb(value));
$$;
create function pg_temp.image(n integer) returns text language sql as $$
  select 'chat-archive:image/' || pg_temp.id('4', n);
$$;
create function pg_temp.document(n integer) returns text language sql as $$
  select 'chat-archive:document/' || pg_temp.id('6', n);
$$;

select pg_temp.become('owner');

-- Shapes and sizes.
select is(pg_temp.add(1, '{}'), 'added', 'a message needs no parts');
select is(pg_temp.add(2, '{"parts": []}'), 'added', 'no part');
select is(pg_temp.add(0, '{"parts": {}}'), '23514 chat_messages_parts_is_array', 'parts that are an object');
select is(pg_temp.add(0, '{"parts": "text"}'), '23514 chat_messages_parts_is_array', 'parts that are text');
-- ["xx…"]: four bytes besides the text.
select is(pg_temp.add(3, jsonb_build_object('parts', jsonb_build_array(repeat('x', 1048572)))), 'added',
  'parts of 1 MiB');
select is(pg_temp.add(0, jsonb_build_object('parts', jsonb_build_array(repeat('x', 1048573)))),
  '23514 chat_messages_parts_size', 'parts over 1 MiB');
select is(pg_temp.add(0, '{"metadata": []}'), '23514 chat_messages_metadata_is_object', 'metadata that is a list');
select is(pg_temp.add(0, '{"metadata": null}'), '23502 null value in column "metadata" of relation "chat_messages" violates not-null constraint', 'metadata that is null');
-- {"a": "xx…"}: nine bytes besides the text.
select is(pg_temp.add(4, jsonb_build_object('metadata', jsonb_build_object('a', repeat('x', 65527)))), 'added',
  'metadata of 64 KiB');
select is(pg_temp.add(0, jsonb_build_object('metadata', jsonb_build_object('a', repeat('x', 65528)))),
  '23514 chat_messages_metadata_size', 'metadata over 64 KiB');
select is(
  (select bytes from public.chat_messages where id = pg_temp.id('1', 3)), 1 + 1048576 + 2,
  'bytes counts content, parts and metadata');
select is(pg_temp.add(5, '{"parts": [{"text": "ж"}], "metadata": {"b": 1}}'), 'added', 'text of two bytes');
update public.chat_messages set content = 'жж' where id = pg_temp.id('1', 5);
select is(
  (select bytes from public.chat_messages where id = pg_temp.id('1', 5)), 4 + 16 + 8,
  'bytes follows a change, in bytes');
select throws_ok($$ update public.chat_messages set bytes = 1 $$, '428C9', null, 'nobody says how many');

-- What parts name.
select is(pg_temp.add(10, pg_temp.parts(pg_temp.image(1))), 'added', 'an image of the chat');
select is(pg_temp.add(11, pg_temp.parts(pg_temp.document(1))), 'added', 'a document of the chat');
select is(pg_temp.add(12, jsonb_build_object('parts', jsonb_build_array(pg_temp.image(1), pg_temp.document(1)))),
  'added', 'as bare items');
select is(pg_temp.add(0, pg_temp.parts(pg_temp.image(2))),
  '23503 parts: the chat has no image ' || pg_temp.id('4', 2), 'an image of another chat of the owner');
select is(pg_temp.add(0, pg_temp.parts(pg_temp.image(3))),
  '23503 parts: the chat has no image ' || pg_temp.id('4', 3), 'an image of another user');
select is(pg_temp.add(0, pg_temp.parts(pg_temp.image(9))),
  '23503 parts: the chat has no image ' || pg_temp.id('4', 9), 'an image that never was, in the same words');
select is(pg_temp.add(0, pg_temp.parts(pg_temp.document(2))),
  '23503 parts: the chat has no document ' || pg_temp.id('6', 2), 'a document of another chat of the owner');
select is(pg_temp.add(0, pg_temp.parts(pg_temp.document(3))),
  '23503 parts: the chat has no document ' || pg_temp.id('6', 3), 'a document of another user');
select is(pg_temp.add(0, pg_temp.parts('chat-archive:image/' || pg_temp.id('6', 1))),
  '23503 parts: the chat has no image ' || pg_temp.id('6', 1), 'a document that is called an image');
select is(pg_temp.add(0, pg_temp.parts(jsonb_build_object('deep', jsonb_build_array(1, pg_temp.image(2))))),
  '23503 parts: the chat has no image ' || pg_temp.id('4', 2), 'however deep it stands');
select is(pg_temp.add(0, pg_temp.parts(jsonb_build_array(pg_temp.image(1), pg_temp.image(2)))),
  '23503 parts: the chat has no image ' || pg_temp.id('4', 2), 'and beside one of its own');
select is(pg_temp.add(0, jsonb_build_object('parts', jsonb_build_array(pg_temp.image(2)))),
  '23503 parts: the chat has no image ' || pg_temp.id('4', 2), 'and as the first item');
select is(
  pg_temp.add(20 + n::integer, jsonb_build_object('parts', jsonb_build_array(value))), 'added',
  'only text: ' || what)
from (values
  (1, 'it begins with a name', to_jsonb(pg_temp.image(2) || ' is the image')),
  (2, 'it ends with one', to_jsonb('see ' || pg_temp.image(2))),
  (3, 'a name in quotes', to_jsonb('see "' || pg_temp.image(2) || '"')),
  (4, 'it ends with a quote and a name', to_jsonb('see "' || pg_temp.image(2))),
  (5, 'it begins with a name and a quote', to_jsonb(pg_temp.image(2) || '" is the image')),
  (6, 'another kind', to_jsonb('chat-archive:video/' || pg_temp.id('4', 2))),
  (7, 'an id that is too short', to_jsonb(left(pg_temp.image(2), -1))),
  (8, 'a name with a path', to_jsonb(pg_temp.image(2) || '/x')),
  (9, 'upper case', to_jsonb(upper(pg_temp.image(2)))),
  (10, 'a name in brackets and quotes', to_jsonb('["' || pg_temp.image(2) || '"]')),
  (11, 'a key', jsonb_build_object(pg_temp.image(2), 1)),
  (12, 'a key after another', jsonb_build_object('a', 1, pg_temp.image(2), '')),
  (13, 'a backslash before', jsonb_build_array('\', 'x\ "' || pg_temp.image(2)))
) t (n, what, value);
select throws_ok(
  format($$ update public.chat_messages set parts = %L where id = %L $$,
         jsonb_build_array(pg_temp.image(2)), pg_temp.id('1', 1)),
  '23503', 'parts: the chat has no image ' || pg_temp.id('4', 2), 'an update names no image of elsewhere either');
delete from public.chat_images where id = pg_temp.id('4', 1);
select lives_ok(
  format($$ update public.chat_messages set parts = parts || '["more"]' where id = %L $$, pg_temp.id('1', 12)),
  'a message goes on whose image is gone');
select is(pg_temp.add(0, pg_temp.parts(pg_temp.image(1))),
  '23503 parts: the chat has no image ' || pg_temp.id('4', 1), 'but no other one names it any more');

-- Parents.
select is(pg_temp.add(40, jsonb_build_object('parent_id', pg_temp.id('1', 1))), 'added', 'an earlier message');
select is(pg_temp.add(0, jsonb_build_object('parent_id', pg_temp.id('1', 0))),
  '23503 parent_id: must be an earlier message of the chat', 'not itself');
select is(pg_temp.add(41, '{}', 2), 'added', 'a message of another chat');
select is(pg_temp.add(0, jsonb_build_object('parent_id', pg_temp.id('1', 41))),
  '23503 parent_id: must be an earlier message of the chat', 'is no parent');
select pg_temp.become('other');
select is(pg_temp.add(42, '{}', 3), 'added', 'a message of another user');
select is(pg_temp.add(0, jsonb_build_object('parent_id', pg_temp.id('1', 1)), 3),
  '23503 parent_id: must be an earlier message of the chat', 'whose parent is not the owner''s');
select pg_temp.become('owner');
select lives_ok(
  format($$ insert into public.chat_messages (id, chat_id, parent_id, role, content)
     values (%1$L, %3$L, null, 'user', 'x'), (%2$L, %3$L, %1$L, 'user', 'x') $$,
    pg_temp.id('1', 43), pg_temp.id('1', 44), pg_temp.id('c', 1)),
  'one before it in the same statement');
select throws_ok(
  format($$ insert into public.chat_messages (id, chat_id, parent_id, role, content)
     values (%1$L, %3$L, %2$L, 'user', 'x'), (%2$L, %3$L, null, 'user', 'x') $$,
    pg_temp.id('1', 45), pg_temp.id('1', 46), pg_temp.id('c', 1)),
  '23503', 'parent_id: must be an earlier message of the chat', 'and not one after it');
select pg_temp.become('operator');
select throws_ok(
  format($$ update public.chat_messages set parent_id = %L where id = %L $$,
         pg_temp.id('1', 44), pg_temp.id('1', 43)),
  '23514', null, 'nobody closes a circle');
select pg_temp.become('owner');
select throws_ok(
  $$ update public.chat_messages set parent_id = null $$, '42501', null, 'a client never changes it');
delete from public.chat_messages where id = pg_temp.id('1', 43);
select is((select parent_id from public.chat_messages where id = pg_temp.id('1', 44)), null,
  'a parent that is deleted leaves null');

-- Ids of frameworks.
select is(pg_temp.add(50, '{"external_id": "msg_1"}') || pg_temp.add(51, '{"external_id": "msg_1"}', 2),
  'addedadded', 'an external_id in each chat');
select is(pg_temp.add(0, '{"external_id": "msg_1"}'), '23505 chat_messages_external_id_key', 'and not twice in one');
select is(pg_temp.add(0, '{"external_id": ""}'), '23514 chat_messages_external_id_not_blank', 'nor an empty one');
select throws_ok(
  $$ update public.chat_messages set external_id = 'x' $$, '42501', null, 'a client never changes it');

-- Status and times.
select is(pg_temp.add(0, '{"status": "done"}'), '23514 chat_messages_status_known', 'an unknown status');
select is(pg_temp.add(59 + n::integer, jsonb_build_object('status', s)), 'added', 'status ' || s)
from unnest(array['streaming', 'complete', 'incomplete', 'error']) with ordinality t (s, n);
select pg_temp.become('operator');
insert into public.chat_messages (id, chat_id, user_id, role, content, updated_at)
select pg_temp.id('1', 70), id, user_id, 'user', 'x', now() - interval '1 hour'
from public.chats where id = pg_temp.id('c', 1);
select pg_temp.become('owner');
update public.chat_messages set content = 'more' where id = pg_temp.id('1', 70);
select is((select updated_at from public.chat_messages where id = pg_temp.id('1', 70)), now(),
  'a change moves updated_at');

-- Chats have ids of frameworks too: unique for each user.
select lives_ok(
  $$ insert into public.chats (title, external_id) values ('A', 'thread_1'), ('B', null), ('C', null) $$,
  'a chat has an external_id, others have none');
select throws_ok(
  $$ insert into public.chats (title, external_id) values ('A', 'thread_1') $$, '23505',
  'duplicate key value violates unique constraint "chats_external_id_key"', 'one that another chat has');
select throws_ok(
  $$ insert into public.chats (title, external_id) values ('A', '') $$, '23514',
  'new row for relation "chats" violates check constraint "chats_external_id_not_blank"', 'an empty one');
select throws_ok($$ update public.chats set external_id = 'x' $$, '42501', null, 'a client never changes it');
select pg_temp.become('other');
select lives_ok(
  $$ insert into public.chats (title, external_id) values ('A', 'thread_1') $$, 'another user has it too');
select pg_temp.become('operator');

select * from finish();
rollback;
