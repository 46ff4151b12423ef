-- What a hostile user can't make large, or count twice: numbers, counted bytes, ids, cursors.
begin;
create extension if not exists pgtap with schema extensions;
select plan(20);

insert into auth.users (id) values ('00000000-0000-4000-8000-00000000000a');
select set_config('request.jwt.claims',
  '{"sub": "00000000-0000-4000-8000-00000000000a", "role": "authenticated"}', true);

-- c: chats, 1: messages, 4: images, 6: documents.
create function pg_temp.id(kind text, n integer) returns uuid language sql as $$
  select (kind || '0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid;
$$;
create function pg_temp.reserve(upload uuid, chat integer default 1, file_kind text default 'image') returns void
language sql as $$
  insert into public.uploads (id, chat_id, kind, file_name, content_type, file_size, sha256)
  values (upload, pg_temp.id('c', chat), file_kind, 'a',
          case file_kind when 'image' then 'image/png' else 'application/pdf' end, 100, repeat('0', 64));
$$;
create function pg_temp.confirm(attempts jsonb) returns bigint language sql as $$
  select count(*) from public.confirm_uploads(attempts);
$$;
create function pg_temp.begun(upload uuid) returns jsonb language sql as $$
  select jsonb_agg(to_jsonb(b)) from public.begin_confirm(array[upload]) b;
$$;

insert into public.chats (id, title) values (pg_temp.id('c', 1), 'Gearbox'), (pg_temp.id('c', 2), 'Two');
insert into public.chat_messages (id, chat_id, role, content) values (pg_temp.id('1', 1), pg_temp.id('c', 1), 'user', 'a');
insert into public.search_results (chat_id, block_id, page_number) values (pg_temp.id('c', 1), 'b', 1);
select pg_temp.reserve(pg_temp.id('4', 1));
select pg_temp.reserve(pg_temp.id('6', 1), 1, 'document');
select is(pg_temp.confirm(pg_temp.begun(pg_temp.id('4', 1)) || pg_temp.begun(pg_temp.id('6', 1))), 2::bigint, 'two files');

-- Numbers that take some bytes and are written with a hundred thousand digits ----------------------

set local role authenticated;
create temporary table bombs (name text, value jsonb);
insert into bombs values
  ('large', (select jsonb_agg('1e131071'::jsonb) from generate_series(1, 40))),
  ('negative', (select jsonb_agg('-1e131071'::jsonb) from generate_series(1, 40))),
  ('small', (select jsonb_agg(jsonb_build_object('a', '1e-16383'::jsonb)) from generate_series(1, 40)));
create function pg_temp.bomb() returns jsonb language sql as $$ select value from bombs where name = 'large' $$;
create function pg_temp.deep() returns jsonb language sql as $$
  select jsonb_build_object('a', jsonb_build_object('b', pg_temp.bomb()));
$$;

select throws_ok(
  format('insert into public.chat_messages (chat_id, role, content, parts) values (%L, ''user'', ''a'', %L)',
         pg_temp.id('c', 1), value),
  '22003', 'parts: numbers must fit a double', 'parts: ' || name) from bombs;
select throws_ok(sql, '22003', null, sql) from unnest(array[
  'insert into public.chats (title, metadata) values (''a'', pg_temp.deep())',
  'update public.chats set metadata = pg_temp.deep()',
  'insert into public.chat_messages (chat_id, role, content, metadata) values (pg_temp.id(''c'', 1), ''user'', ''a'', pg_temp.deep())',
  'update public.chat_messages set metadata = pg_temp.deep()',
  'update public.chat_documents set metadata = pg_temp.deep()',
  'update public.chat_images set coords_norm = pg_temp.bomb()',
  'insert into public.search_results (chat_id, block_id, page_number, coords_px) values (pg_temp.id(''c'', 1), ''b'', 1, pg_temp.bomb())',
  'insert into public.search_results (chat_id, block_id, page_number, metadata) values (pg_temp.id(''c'', 1), ''b'', 1, pg_temp.deep())',
  'insert into public.uploads (chat_id, file_name, content_type, file_size, sha256, coords_norm) values (pg_temp.id(''c'', 1), ''a'', ''image/png'', 1, repeat(''0'', 64), pg_temp.bomb())',
  'select public.save_messages(pg_temp.id(''c'', 1), jsonb_build_array(jsonb_build_object(''id'', gen_random_uuid(), ''role'', ''user'', ''content'', pg_temp.bomb())))'
]) sql;
select lives_ok(
  format('update public.chat_messages set parts = %L',
         (select jsonb_agg(n) from generate_series(1, 40), unnest(array['1.7976931348623157e308', '-5e-324', '0']::jsonb[]) n)),
  'every number that a double can be');

-- What a client writes at length counts -------------------------------------------------------------

create function pg_temp.counted() returns bigint language sql as $$ select text_bytes from public.my_usage() $$;
create function pg_temp.counts(statement text) returns bigint language plpgsql as $$
declare
  before constant bigint := pg_temp.counted();
begin
  execute statement;
  return pg_temp.counted() - before;
end $$;
select is(
  pg_temp.counts('insert into public.chat_messages (chat_id, role, content, external_id)
                  values (pg_temp.id(''c'', 1), ''user'', ''a'', repeat(''ж'', 255))'),
  256 + 1 + 2 + 510::bigint, 'a message with a long external id');
select is(
  pg_temp.counts('insert into public.search_results (chat_id, block_id, page_number)
                  values (pg_temp.id(''c'', 1), repeat(''ж'', 255), 1)'),
  256 + 2 + 510::bigint, 'a search result with a long block id');

-- Ids and keys --------------------------------------------------------------------------------------

reset role;
select pg_temp.reserve(pg_temp.id('4', 2), 2);
delete from public.chats where id = pg_temp.id('c', 2);
select throws_ok(
  $$ select pg_temp.reserve(pg_temp.id('4', 2)) $$, '23505', 'this upload id was used before',
  'a reservation whose URL still works, in another chat');

select pg_temp.reserve(pg_temp.id('4', 3));
create temporary table attempt as select pg_temp.begun(pg_temp.id('4', 3)) as attempts;
-- As a worker leaves it that has deleted the object at the first of two times.
update public.storage_deletions
set attempts = 1, sweeps_left = 1, not_before = clock_timestamp() + interval '1 day'
where target = (select attempts -> 0 ->> 'key' from attempt);
select is(pg_temp.confirm((select attempts from attempt)), 0::bigint, 'a key that was swept once is not recorded');

-- A cursor that names generations which never were.
set local role authenticated;
set local statement_timeout = '5s';
select is(
  (select count(*) from public.search_archive('gearbox', after => regexp_replace(
    (select cursor from public.search_archive('gearbox')), '^(\w+\.\w+)\.\d+\.\d+', '\1.9999999.9999999'))),
  0::bigint, 'a cursor with another generation finds nothing else, at once');

select * from finish();
rollback;
