-- Documents of a chat, and what images and search results say of their pages.
begin;
create extension if not exists pgtap with schema extensions;
select plan(51);

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

create function pg_temp.key(n integer) returns text language sql as $$
  select '00000000-0000-4000-8000-00000000000a/' || pg_temp.id('c', 1) || '/documents/' || pg_temp.id('6', n)
         || '-1.pdf';
$$;
create function pg_temp.path() returns text language sql as $$
  select document_path::text from public.chats where id = pg_temp.id('c', 1);
$$;
create function pg_temp.confirm(variadic ids uuid[]) returns bigint language sql as $$
  select count(*) from public.confirm_uploads((
    select jsonb_agg(jsonb_build_object('id', b.id, 'key', b.key) order by t.n)
    from unnest(ids) with ordinality t (id, n) join public.begin_confirm(ids) b on b.id = t.id
  ));
$$;
-- Inserts a row of a table as service_role does, with some columns as given, or says what refuses it.
create function pg_temp.add(target text, columns jsonb) returns text language plpgsql as $$
declare
  refused_by text;
  row jsonb := jsonb_build_object(
    'id', gen_random_uuid(), 'chat_id', pg_temp.id('c', 1), 'user_id', '00000000-0000-4000-8000-00000000000a'
  ) || case target
    when 'chat_documents' then jsonb_build_object(
      'name', 'a.pdf', 's3_path', pg_temp.key(9), 'content_type', 'application/pdf', 'file_size', 1)
    when 'chat_images' then jsonb_build_object(
      'image_name', 'a.png', 'content_type', 'image/png', 'file_size', 1,
      's3_path', replace(replace(pg_temp.key(9), 'documents', 'images'), 'pdf', 'png'))
    when 'uploads' then jsonb_build_object(
      'file_name', 'a.png', 'content_type', 'image/png', 'file_size', 1, 'sha256', repeat('0', 64))
    else jsonb_build_object('block_id', 'b', 'page_number', 1)
  end || columns;
  names text := (select string_agg(k, ', ') from jsonb_object_keys(row) k);
begin
  execute format('insert into public.%I (%s) select %s from jsonb_populate_record(null::public.%1$I, $1)',
                 target, names, names) using row;
  -- Undone, so that the next attempt finds the key free.
  raise exception sqlstate 'UNDO0';
exception
  when sqlstate 'UNDO0' then return 'added';
  when others then
    get stacked diagnostics refused_by = constraint_name;
    return sqlstate || ' ' || refused_by;
end $$;

insert into public.chats (id, user_id, title)
select pg_temp.id('c', n), ('00000000-0000-4000-8000-00000000000' || u)::uuid, 'A chat'
from (values (1, 'a'), (2, 'a'), (3, 'b')) t (n, u);
insert into public.uploads (id, chat_id, user_id, kind, file_name, content_type, file_size, sha256, page_count)
select pg_temp.id('6', n), c.id, c.user_id, 'document', 'файл ' || n, 'application/pdf', n, repeat('0', 64), n
from (values (1, 1), (2, 1), (3, 1), (4, 2), (5, 3)) t (n, chat)
join public.chats c on c.id = pg_temp.id('c', chat);

-- The path of a chat is that of its first document.
select is(pg_temp.path(), null, 'no document, no path');
select is(pg_temp.confirm(pg_temp.id('6', 2), pg_temp.id('6', 1)),
  2::bigint, 'two are confirmed, the second one first');
select is(pg_temp.path(), pg_temp.key(2), 'the path is that of the first');
select is((select array_agg(name::text order by seq) from public.chat_documents
   where chat_id = pg_temp.id('c', 1)), array['файл 2', 'файл 1'],
  'their names are those of the files, in order');
select is((select array_agg(page_count order by seq) from public.chat_documents where chat_id = pg_temp.id('c', 1)), array[2, 1],
  'their page counts are those of the reservations');
select is(pg_temp.confirm(pg_temp.id('6', 3), pg_temp.id('6', 4), pg_temp.id('6', 5)),
  3::bigint, 'one more, and one in each of two other chats');
select is(pg_temp.path(), pg_temp.key(2), 'the path stays that of the first');
select pg_temp.become('owner');
delete from public.chat_documents where id = pg_temp.id('6', 1);
select is(pg_temp.path(), pg_temp.key(2), 'also when a later one goes');
delete from public.chat_documents where id = pg_temp.id('6', 2);
select is(pg_temp.path(), pg_temp.key(3), 'when the first goes, it is that of the next');
delete from public.chat_documents where id = pg_temp.id('6', 3);
select is(pg_temp.path(), null, 'and when the last goes, there is none');
select is((select document_path::text from public.chats where id = pg_temp.id('c', 2)),
  replace(pg_temp.key(4), pg_temp.id('c', 1)::text, pg_temp.id('c', 2)::text),
  'that of another chat has not moved');
select lives_ok(format('delete from public.chats where id = %L', pg_temp.id('c', 2)),
  'a chat goes with its documents');
select is((select count(*) from public.chat_documents), 0::bigint, 'all of them');

-- What a document may be.
select pg_temp.become('service_role');
select is(pg_temp.add('chat_documents', '{}'), 'added', 'a document');
select is(pg_temp.add('chat_documents', '{"name": " \t"}'), '23514 chat_documents_name_not_blank', 'a blank name');
select is(pg_temp.add('chat_documents', jsonb_build_object('name', repeat('x', 513))), '22001 ', 'a long name');
select is(pg_temp.add('chat_documents', '{"page_count": 0}'), '23514 chat_documents_page_count_positive', 'no page');
select is(pg_temp.add('chat_documents', '{"file_size": 0}'), '23514 chat_documents_file_size_positive', 'no byte');
select is(pg_temp.add('chat_documents', '{"sha256": "x"}'), '23514 chat_documents_sha256_hex', 'a hash that is none');
select is(pg_temp.add('chat_documents', '{"metadata": []}'), '23514 chat_documents_metadata_is_object', 'metadata that is a list');
select is(pg_temp.add('chat_documents', jsonb_build_object('metadata', jsonb_build_object('a', repeat('x', 65528)))),
  '23514 chat_documents_metadata_size', 'metadata over 64 KiB');
select is(pg_temp.add('chat_documents', jsonb_build_object('s3_path', replace(pg_temp.key(9), 'documents', 'images'))),
  '23514 chat_documents_s3_path_is_own', 'a key of an image');
select is(pg_temp.add('chat_documents', jsonb_build_object('chat_id', pg_temp.id('c', 3))),
  '23514 chat_documents_s3_path_is_own', 'a key of another chat');
select is(pg_temp.add('chat_documents', jsonb_build_object('s3_path',
    replace(pg_temp.key(9), pg_temp.id('c', 1)::text, pg_temp.id('c', 3)::text), 'chat_id', pg_temp.id('c', 3))),
  '23503 chat_documents_chat_fkey', 'a chat of somebody else');

-- What an image shows.
select is(pg_temp.add(t, '{"page_number": 1, "coords_norm": [0, 0.25, 1, 0.5]}'), 'added',
  'a box of a page: ' || t)
from unnest(array['chat_images', 'uploads']) t;
select is(pg_temp.add(t, columns), '23514 ' || t || '_' || rule, what || ': ' || t)
from unnest(array['chat_images', 'uploads']) t,
     (values
       ('{"page_number": 0}'::jsonb, 'page_number_positive', 'page 0'),
       ('{"coords_norm": [[0, 0, 1, 1]]}', 'coords_norm_box', 'a list of boxes'),
       ('{"coords_norm": [0, 0, 1, 1.01]}', 'coords_norm_box', 'a box past the page'),
       ('{"coords_norm": [0.5, 0, 0.5, 1]}', 'coords_norm_box', 'a box without area'),
       ('{"coords_norm": [0, 1, 1, 0]}', 'coords_norm_box', 'a box upside down'),
       ('{"coords_norm": [0, 0, 1]}', 'coords_norm_box', 'three numbers'),
       ('{"coords_norm": {}}', 'coords_norm_box', 'an object')
     ) c (columns, rule, what);
select is(pg_temp.add('chat_images', jsonb_build_object('document_id', pg_temp.id('6', 5))),
  '23503 chat_images_document_fkey', 'an image of a document of another chat');

-- What a search result says.
select is(pg_temp.add('search_results', columns), outcome, what)
from (values
  (jsonb_build_object('block_text', repeat('x', 65536)), 'added', 'a block of 64 KiB'),
  (jsonb_build_object('block_text', repeat('x', 65537)), '23514 search_results_block_text_size', 'a block over 64 KiB'),
  ('{"page_number": 0}', '23514 search_results_page_number_positive', 'page 0 of a search result'),
  ('{"metadata": []}', '23514 search_results_metadata_is_object', 'metadata of a search result that is a list'),
  (jsonb_build_object('metadata', jsonb_build_object('a', repeat('x', 65528))),
   '23514 search_results_metadata_size', 'metadata of a search result over 64 KiB'),
  (jsonb_build_object('document_id', pg_temp.id('6', 5)), '23503 search_results_document_fkey',
   'a document of another chat')
) c (columns, outcome, what);

-- A document that goes leaves its images and search results.
select pg_temp.become('operator');
insert into public.uploads (id, chat_id, user_id, kind, file_name, content_type, file_size, sha256)
values (pg_temp.id('6', 7), pg_temp.id('c', 1), '00000000-0000-4000-8000-00000000000a', 'document', 'a', 'application/pdf', 1,
        repeat('0', 64));
insert into public.uploads (id, chat_id, user_id, document_id, page_number, coords_norm, file_name, content_type, file_size, sha256)
values (pg_temp.id('4', 7), pg_temp.id('c', 1), '00000000-0000-4000-8000-00000000000a', pg_temp.id('6', 7), 3,
        '[0, 0, 1, 0.5]', 'a', 'image/png', 1, repeat('0', 64));
select is(pg_temp.confirm(pg_temp.id('4', 7), pg_temp.id('6', 7)),
  2::bigint, 'a document and an image of it are confirmed together');
select is((select array[document_id::text, page_number::text, coords_norm::text] from public.chat_images
   where id = pg_temp.id('4', 7)),
  array[pg_temp.id('6', 7)::text, '3', '[0, 0, 1, 0.5]'], 'the image says what it shows');
select pg_temp.become('owner');
insert into public.search_results (chat_id, document_id, block_id, page_number)
values (pg_temp.id('c', 1), pg_temp.id('6', 7), 'b', 3);
delete from public.chat_documents where id = pg_temp.id('6', 7);
select is((select array[document_id::text, page_number::text, chat_id::text] from public.chat_images),
  array[null, '3', pg_temp.id('c', 1)::text], 'the image stays when the document goes');
select is((select array[document_id::text, chat_id::text] from public.search_results),
  array[null, pg_temp.id('c', 1)::text], 'and so does the search result');
select pg_temp.become('operator');

select * from finish();
rollback;
