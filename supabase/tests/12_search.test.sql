-- Search: what it finds and in which order, what keeps its entries, and whose texts it never touches.
begin;
create extension if not exists pgtap with schema extensions;
select plan(122);

insert into auth.users (id) values
  ('00000000-0000-4000-8000-00000000000a'), ('00000000-0000-4000-8000-00000000000b');

create function pg_temp.become(who text) returns void language plpgsql as $$
begin
  reset role;
  if who = 'operator' then return; end if;
  perform set_config('request.jwt.claims', json_build_object(
    'sub', '00000000-0000-4000-8000-00000000000' || case who when 'owner' then 'a' else 'b' end,
    'role', 'authenticated')::text, true);
  set local role authenticated;
end $$;

-- c: chats, 1: messages, 3: search results, 4: images, 6: documents.
create function pg_temp.id(kind text, n integer) returns uuid language sql as $$
  select (kind || '0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid;
$$;
create function pg_temp.write(n integer, content text, chat integer default 1) returns void
language sql as $$
  insert into public.chat_messages (id, chat_id, user_id, role, content, created_at)
  select pg_temp.id('1', n), id, user_id, 'user', content, '2026-01-01'::timestamptz + n * interval '1 hour'
  from public.chats where id = pg_temp.id('c', chat);
$$;
-- Kind and number of what is found, in order.
create function pg_temp.found(
  query text, chat uuid default null, kinds public.search_kind[] default null,
  archived boolean default false, most integer default 100
) returns text language sql as $$
  select string_agg(
    case f.kind when 'title' then 't' || right(f.chat_id::text, 12)::integer
      when 'document' then 'd' || right(f.document_id::text, 12)::integer
      when 'message' then 'm' || right(f.message_id::text, 12)::integer
      when 'image' then 'i' || right(f.image_id::text, 12)::integer
      else 's' || right(f.search_result_id::text, 12)::integer end, ' ' order by n)
  from public.search_archive(query, chat, kinds, archived, most) with ordinality
    f (kind, chat_id, chat_title, message_id, image_id, document_id, search_result_id, page_number,
       coords_norm, snippet, matches, rank, created_at, cursor, n);
$$;
-- What is marked in the first text that is found.
create function pg_temp.marked(query text) returns text language sql as $$
  select string_agg(substr(f.snippet, (m ->> 0)::integer + 1, (m ->> 1)::integer - (m ->> 0)::integer), ' ' order by o)
  from (select * from public.search_archive(query, max_results => 1)) f,
    jsonb_array_elements(f.matches) with ordinality j (m, o);
$$;

insert into public.chats (id, user_id, title) values
  (pg_temp.id('c', 1), '00000000-0000-4000-8000-00000000000a', 'Words of every kind'),
  (pg_temp.id('c', 2), '00000000-0000-4000-8000-00000000000a', 'Gearbox'),
  (pg_temp.id('c', 3), '00000000-0000-4000-8000-00000000000a', 'Put away'),
  (pg_temp.id('c', 4), '00000000-0000-4000-8000-00000000000a', 'On its way'),
  (pg_temp.id('c', 9), '00000000-0000-4000-8000-00000000000b', 'Gearbox');
select pg_temp.write(n, content) from (values
  (1, 'The documents describe the installation of a gearbox.'),
  (2, 'Документация описывает установку коробки передач. Ёлка, за́мок.'),
  (3, 'Order part AB-1234/7 from sales@example.com, see src/lib/read_file.ts.'),
  (4, 'Call getUserName() before you parse 3,700 kB with max_rows=50.'),
  (5, '数据库的全文搜索，支持中文。データベースを検索する。'),
  (6, 'An e-mail about state-of-the-art data bases; the oil is cold.'),
  (7, 'Cold oil. 🙂🙂 The gearbox gearbox gearbox needs oil.'),
  (8, '<b>Bold</b> & "quoted" \ text, ''single'' % _ and (gearbox)? [link](javascript:x)')
) v (n, content);
select pg_temp.write(20, 'The gearbox of somebody who put it away', 3);
select pg_temp.write(21, 'The gearbox that is on its way', 4);
select pg_temp.write(90, 'The documents describe the installation of a gearbox.', 9);
insert into private.imports values
  (pg_temp.id('c', 4), '00000000-0000-4000-8000-00000000000a', 'infinity');
insert into public.uploads (id, chat_id, user_id, kind, file_name, content_type, file_size, sha256, description)
select pg_temp.id(k.id, 1), c.id, user_id, k.kind, k.name, k.type, 1, repeat('0', 64), k.description from public.chats c,
  (values ('4', 'image', 'a.png', 'image/png', 'A crop that shows the gearbox'),
          ('6', 'document', 'gearbox-manual_2.pdf', 'application/pdf', null)) k (id, kind, name, type, description)
where c.id = pg_temp.id('c', 1);
do $$ begin
  perform public.confirm_uploads((
    select jsonb_agg(jsonb_build_object('id', b.id, 'key', b.key))
    from public.begin_confirm(array[pg_temp.id('4', 1), pg_temp.id('6', 1)]) b));
end $$;
insert into public.search_results
  (id, chat_id, user_id, message_id, document_id, block_id, page_number, block_text, coords_norm)
select pg_temp.id('3', 1), id, user_id, pg_temp.id('1', 1), pg_temp.id('6', 1), 'b1', 12,
       'A gearbox holds 4 l of oil.', '[0.1, 0.2, 0.3, 0.4]'
from public.chats where id = pg_temp.id('c', 1);
update public.chats set is_archived = true where id = pg_temp.id('c', 3);

select pg_temp.become('owner');

-- Words.
select is(pg_temp.found(q), wanted, q) from (values
  ('gearbox', 't2 d1 m7 m1 m8 i1 s1'), ('gearboxes', 't2 d1 m7 m1 m8 i1 s1'), ('GEARBOX', 't2 d1 m7 m1 m8 i1 s1'),
  ('document', 'm1'), ('describing', 'm1'), ('документации', 'm2'), ('УСТАНОВКА', 'm2'),
  ('елка', 'm2'), ('ёлки', 'm2'), ('замок', 'm2'),
  ('gearbox oil', 'm7 s1'), ('"cold oil"', 'm7'), ('"oil cold"', null), ('"oil is cold"', 'm6'),
  ('oil -gearbox', 'm6'), ('oil -"cold oil"', 'm6 s1'), ('describes or ёлка', 'm1 m2'),
  ('nothing or описывает', 'm2'), ('документ gearbox', null)
) v (q, wanted);
-- The last word while it is typed; not one that is over.
select is(pg_temp.found(q), wanted, 'while typing: ' || q) from (values
  ('inst', 'm1'), ('installatio', 'm1'), ('the installati', 'm1'), ('кор', 'm2'), ('коробк', 'm2'),
  ('gearbox ins', 'm1'), ('inst ', null), ('"inst"', null), ('"installation of a gea', 'm1')
) v (q, wanted);
-- What people copy.
select is(pg_temp.found(q), wanted, 'as it is written: ' || q) from (values
  ('AB-1234', 'm3'), ('ab1234', 'm3'), ('ab 1234', 'm3'), ('AB-1234/7', 'm3'), ('1234', 'm3'),
  ('sales@example.com', 'm3'), ('example.com', 'm3'), ('src/lib/read_file.ts', 'm3'), ('lib/read_file', 'm3'),
  ('read_file.ts', 'm3'), ('src/lib/re', 'm3'), ('getUserName', 'm4'), ('getusername', 'm4'), ('getUserName()', 'm4'),
  ('username', 'm4'), ('user name', 'm4'), ('max_rows', 'm4'), ('max_rows=50', 'm4'), ('3700', 'm4'), ('3,700', 'm4'),
  ('email', 'm6'), ('e-mail', 'm6'), ('state of the art', 'm6'), ('gearbox-manual_2.pdf', 'd1'), ('manual', 'd1'),
  ('全文搜索', 'm5'), ('中文', 'm5'), ('データベース', 'm5'), ('文全', null)
) v (q, wanted);

-- Which ones.
select is(pg_temp.found('gearbox', pg_temp.id('c', 1)), 'd1 m7 m1 m8 i1 s1', 'in one chat');
select is(pg_temp.found('gearbox', pg_temp.id('c', 3)), 'm20', 'an archived chat that is named');
select is(pg_temp.found('gearbox', archived => true), 't2 d1 m7 m20 m1 m8 i1 s1', 'archived ones on request');
select is(pg_temp.found('gearbox', pg_temp.id('c', 4)), null, 'not what is being imported');
select is(pg_temp.found('gearbox', pg_temp.id('c', 9)), null, 'nothing in a chat of somebody else');
select is(pg_temp.found('gearbox', kinds => array['search_result', 'title']::public.search_kind[]), 't2 s1', 'some kinds');
select is(pg_temp.found('gearbox', kinds => '{}'), null, 'no kind');
select is(pg_temp.found('gearbox', most => 3), 't2 d1 m7', 'so many');
select is(
  (select array[message_id, document_id, search_result_id]::text || page_number || coords_norm
   from public.search_archive('gearbox', kinds => '{search_result}')),
  array[pg_temp.id('1', 1), pg_temp.id('6', 1), pg_temp.id('3', 1)]::text || 12 || '[0.1, 0.2, 0.3, 0.4]',
  'a search result says where it is');

-- What does not search.
select is(pg_temp.found(q), null, 'empty: ' || coalesce(q, 'null')) from unnest(array[
  null, '', ' ', 'the', 'и в на', '-', '"', '""', 'or', 'or or', '-gearbox', '-"', '((', '& | ! <->', ':*', '''', '\', '%']) q;
select throws_ok(format('select * from public.search_archive(%s)', arguments), '22023', message, message)
from (values
  ('repeat(''a'', 10000)', 'query: at most 1000 characters'),
  ('repeat(''a '', 100)', 'query: at most 64 words'),
  ('''a'', max_results => 0', 'max_results: 1 or more'),
  ('''a'', after => ''x''', 'after: must be a cursor of the same search'),
  ('''a'', after => ''''', 'after: must be a cursor of the same search')
) v (arguments, message);
select throws_ok(
  format('select * from public.search_archive(%L, after => %L)', 'oil',
    (select cursor from public.search_archive('gearbox', max_results => 1))),
  '22023', null, 'the cursor of another query');
select throws_ok(
  format('select * from public.search_archive(%L, kinds => ''{title}'', after => %L)', 'gearbox',
    (select cursor from public.search_archive('gearbox', max_results => 1))),
  '22023', null, 'the cursor of other kinds');

-- Pages: one by one, each row once.
create function pg_temp.pages(query text, size integer) returns text language plpgsql as $$
declare
  after text;
  here text;
  seen text;
begin
  loop
    select string_agg(kind::text || coalesce(right(message_id::text, 2), ''), ' ' order by n), max(cursor) filter (where n = size)
    into here, after
    from (select f.*, row_number() over () as n
          from public.search_archive(query, max_results => size, after => after) f) f;
    seen := concat_ws(' ', seen, here);
    exit when after is null;
  end loop;
  return seen;
end $$;
select is(pg_temp.pages('gearbox', n), 'title document message07 message01 message08 image search_result01',
  'in pages of ' || n) from generate_series(1, 3) n;

-- What is marked.
select is(pg_temp.marked(q), wanted, 'marked: ' || q) from (values
  ('описывает', 'описывает'), ('елка', 'Ёлка'), ('ab1234', 'AB-1234'), ('全文', '全文'), ('username', 'UserName'),
  ('"oil is cold"', 'oil cold'), ('documen', 'documents'), ('bold', 'Bold')
) v (q, wanted);
select is((select matches from public.search_archive('needs')), '[[43, 48]]', 'an emoji counts as two');

-- What keeps the entries.
select pg_temp.become('operator');
update public.chats set title = 'Turbine' where id = pg_temp.id('c', 2);
update public.chat_messages set content = 'Turbine' where id = pg_temp.id('1', 1);
update public.chat_messages set content = '…' where id = pg_temp.id('1', 8);
update public.chat_images set description = null where id = pg_temp.id('4', 1);
update public.chat_documents set name = 'Turbine.pdf' where id = pg_temp.id('6', 1);
update public.search_results set block_text = 'Turbine' where id = pg_temp.id('3', 1);
insert into public.chat_messages (id, chat_id, user_id, role, content, status)
select pg_temp.id('1', 30), id, user_id, 'assistant', 'Turbine', 'streaming' from public.chats where id = pg_temp.id('c', 1);
select pg_temp.become('owner');
select is(pg_temp.found('gearbox'), 'm7', 'old words are gone');
select is(pg_temp.found('turbine'), 't2 d1 m1 s1', 'new words are found, but those of an answer that is streamed');
update public.chat_messages set content = 'Turbine, turbine' where id = pg_temp.id('1', 30);
select is(pg_temp.found('turbine'), 't2 d1 m1 s1', 'nor while it grows');
update public.chat_messages set status = 'complete' where id = pg_temp.id('1', 30);
select is(pg_temp.found('turbine'), 't2 d1 m30 m1 s1', 'until it is whole');
update public.chat_messages set status = 'streaming' where id = pg_temp.id('1', 30);
select is(pg_temp.found('turbine'), 't2 d1 m1 s1', 'or is begun anew');
delete from public.chat_messages where id = pg_temp.id('1', 1);
select is(pg_temp.found('turbine'), 't2 d1', 'a message takes along what belongs to it');
delete from public.chats;
select is(pg_temp.found('turbine or gearbox', archived => true), null, 'chats take all along');
select pg_temp.become('operator');
select is((select count(*) from private.search_entries where user_id = '00000000-0000-4000-8000-00000000000a'),
  0::bigint, 'no entry is left, not even of the import');
select is((select count(*) from private.search_entries where user_id = '00000000-0000-4000-8000-00000000000b'),
  2::bigint, 'those of somebody else are');
select pg_temp.become('other');
select is(pg_temp.found('gearbox'), 't9 m90', 'and are found');
select pg_temp.become('operator');

-- Every legal row can be inserted.
select lives_ok(format('insert into public.chats (id, user_id, title) values (%L, ''00000000-0000-4000-8000-00000000000b'', ''x'')',
  pg_temp.id('c', 5)), 'a chat');
select lives_ok(format('insert into public.chat_messages (chat_id, user_id, role, content) '
  'select %L, ''00000000-0000-4000-8000-00000000000b'', ''user'', %s', pg_temp.id('c', 5), text), name)
from (values
  ('(select left(string_agg(md5(n::text), '' ''), 1048576) from generate_series(1, 32000) n)', 'a MiB of unique words'),
  ('repeat(''x'', 1048576)', 'a MiB of one word'),
  ('repeat(''数据'', 174762)', 'a MiB without blanks'),
  ('repeat(''-'', 1048576)', 'a MiB without words'),
  ('repeat(chr(769) || chr(790), 262144)', 'a MiB of marks'),
  ('repeat(chr(64977) || chr(1114109) || chr(55203) || ''a'', 1000)', 'odd characters'),
  ('repeat(''aB1-'', 262144)', 'a MiB of joined words'),
  ('repeat(''x'' || chr(39) || ''\'' || chr(1) || ''y '', 1000)', 'quotes, backslashes, control characters')
) v (text, name);

select * from finish();
rollback;
