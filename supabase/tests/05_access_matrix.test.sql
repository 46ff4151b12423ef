-- Who may do what: actors × operations × tables, each denial by its code.
--
-- The owner, and the owner of an archived chat, act on their own rows; everybody else acts on the
-- owner's. An outcome is `ok N` (rows) or the SQLSTATE. Whatever an attempt did is undone after it.
begin;
create extension if not exists pgtap with schema extensions;

insert into auth.users (id) values
  ('00000000-0000-4000-8000-00000000000a'), ('00000000-0000-4000-8000-00000000000b'),
  ('00000000-0000-4000-8000-00000000000c');

-- Rows of a user: a chat with one of everything, and a second chat with a message.
create function pg_temp.furnish(owner text, archived boolean) returns void language plpgsql as $$
declare
  me uuid := ('00000000-0000-4000-8000-00000000000' || owner)::uuid;
begin
  insert into public.chats (id, user_id, title, is_archived)
  select (kind || '0000000-0000-4000-8000-00000000000' || owner)::uuid, me, 'A chat', archived
  from unnest(array['c', 'd']) kind;
  insert into public.chat_messages (id, chat_id, user_id, role, content)
  select (k.message || '0000000-0000-4000-8000-00000000000' || owner)::uuid,
         (k.chat || '0000000-0000-4000-8000-00000000000' || owner)::uuid, me, 'user', 'Hello'
  from (values ('1', 'c'), ('2', 'd')) k (message, chat);
  insert into public.search_results (id, chat_id, user_id, message_id, block_id, page_number)
  values (('3' || '0000000-0000-4000-8000-00000000000' || owner)::uuid,
          ('c' || '0000000-0000-4000-8000-00000000000' || owner)::uuid, me,
          ('1' || '0000000-0000-4000-8000-00000000000' || owner)::uuid, 'b1', 1);
  insert into public.uploads (id, chat_id, user_id, file_name, content_type, file_size, sha256)
  select (k || '0000000-0000-4000-8000-00000000000' || owner)::uuid,
         ('c' || '0000000-0000-4000-8000-00000000000' || owner)::uuid, me, 'a.png', 'image/png', 1,
         repeat('0', 64)
  from unnest(array['4', '5']) k;
  insert into public.uploads (id, chat_id, user_id, kind, file_name, content_type, file_size, sha256)
  select (k.id || '0000000-0000-4000-8000-00000000000' || owner)::uuid,
         (k.chat || '0000000-0000-4000-8000-00000000000' || owner)::uuid, me, 'document', 'a.pdf',
         'application/pdf', 1, repeat('0', 64)
  from (values ('6', 'c'), ('7', 'd')) k (id, chat);
  perform public.confirm_uploads((
    select jsonb_agg(jsonb_build_object('id', b.id, 'key', b.key))
    from public.begin_confirm(array(
      select (k || '0000000-0000-4000-8000-00000000000' || owner)::uuid
      from unnest(array['4', '6', '7']) k)) b));
end $$;
select pg_temp.furnish('a', false);
select pg_temp.furnish('c', true);
insert into public.quotas (user_id, max_chats) values
  ('00000000-0000-4000-8000-00000000000a', 10), ('00000000-0000-4000-8000-00000000000c', 10);

create function pg_temp.attempt(actor text, template text) returns text language plpgsql as $$
declare
  me text := case actor when 'archiver' then 'c' when 'other' then 'b' else 'a' end;
  target text := case actor when 'archiver' then 'c' else 'a' end;
  statement text := replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(template,
    '{user}', format('%L::uuid', '00000000-0000-4000-8000-00000000000' || target)),
    '{stranger}', format('%L::uuid', '00000000-0000-4000-8000-00000000000b')),
    '{chat}', format('%L::uuid', 'c0000000-0000-4000-8000-00000000000' || target)),
    '{second chat}', format('%L::uuid', 'd0000000-0000-4000-8000-00000000000' || target)),
    '{message}', format('%L::uuid', '10000000-0000-4000-8000-00000000000' || target)),
    '{message elsewhere}', format('%L::uuid', '20000000-0000-4000-8000-00000000000' || target)),
    '{image}', format('%L::uuid', '40000000-0000-4000-8000-00000000000' || target)),
    '{document}', format('%L::uuid', '60000000-0000-4000-8000-00000000000' || target)),
    '{document elsewhere}', format('%L::uuid', '70000000-0000-4000-8000-00000000000' || target)),
    '{reservation}', format('%L::uuid', '50000000-0000-4000-8000-00000000000' || target)),
    '{prefix}', '00000000-0000-4000-8000-00000000000' || target
      || '/c0000000-0000-4000-8000-00000000000' || target);
  rows bigint;
begin
  begin
    perform set_config('request.jwt.claims', case
      when actor in ('owner', 'archiver', 'other') then json_build_object(
        'sub', '00000000-0000-4000-8000-00000000000' || me, 'role', 'authenticated')::text
      else '{}' end, true);
    if actor <> 'operator' then
      execute format('set local role %I', case when actor in ('anon', 'service_role') then actor
                                               else 'authenticated' end);
    end if;
    execute statement;
    get diagnostics rows = row_count;
    raise exception sqlstate 'UNDO0';
  exception
    when sqlstate 'UNDO0' then return 'ok ' || rows;
    when others then return sqlstate;
  end;
end $$;

-- `owner` stands for the owner of an archived chat too. anon is refused everywhere.
create temporary table cases (
  n integer generated always as identity,
  what text, statement text, owner text, other text, service_role text
);

insert into cases (what, statement, owner, other, service_role) values
-- chats
('chats: read', 'select 1 from public.chats where id = {chat}', 'ok 1', 'ok 0', 'ok 1'),
('chats: create', 'insert into public.chats (title) values (''x'')', 'ok 1', 'ok 1', '23502'),
('chats: create with a chosen id', 'insert into public.chats (id, title) values (gen_random_uuid(), ''x'')', 'ok 1', 'ok 1', '23502'),
('chats: create for somebody', 'insert into public.chats (user_id, title) values ({stranger}, ''x'')', '42501', '42501', 'ok 1'),
('chats: create with a document', 'insert into public.chats (title, document_path) values (''x'', ''x'')', '42501', '42501', '23502'),
('chats: create with updated_at', 'insert into public.chats (title, updated_at) values (''x'', now())', '42501', '42501', '23502'),
('chats: take an id that exists', 'insert into public.chats (id, title) values ({chat}, ''x'')', '23505', '23505', '23502'),
('chats: rename', 'update public.chats set title = ''y'' where id = {chat}', 'ok 1', 'ok 0', 'ok 1'),
('chats: describe, archive, tag', 'update public.chats set description = ''y'', is_archived = true, metadata = ''{"a": 1}'' where id = {chat}', 'ok 1', 'ok 0', 'ok 1'),
('chats: change id', 'update public.chats set id = gen_random_uuid() where id = {chat}', '42501', '42501', '23514'),
('chats: change user_id', 'update public.chats set user_id = {stranger} where id = {chat}', '42501', '42501', '23514'),
('chats: change created_at', 'update public.chats set created_at = now() where id = {chat}', '42501', '42501', 'ok 1'),
('chats: change updated_at', 'update public.chats set updated_at = now() where id = {chat}', '42501', '42501', 'ok 1'),
('chats: create with a framework''s id', 'insert into public.chats (title, external_id) values (''x'', ''e'')', 'ok 1', 'ok 1', '23502'),
('chats: change a framework''s id', 'update public.chats set external_id = ''e'' where id = {chat}', '42501', '42501', 'ok 1'),
('chats: set a document of its own', 'update public.chats set document_path = ''{prefix}/documents/a.pdf'' where id = {chat}', '42501', '42501', 'ok 1'),
('chats: set a document of another user', 'update public.chats set document_path = ''00000000-0000-4000-8000-00000000000b/c0000000-0000-4000-8000-00000000000a/documents/a.pdf'' where id = {chat}', '42501', '42501', '23514'),
('chats: set a document with ..', 'update public.chats set document_path = ''{prefix}/documents/../a.pdf'' where id = {chat}', '42501', '42501', '23514'),
('chats: delete', 'delete from public.chats where id = {chat}', 'ok 1', 'ok 0', 'ok 1'),
('chats: truncate', 'truncate public.chats cascade', '42501', '42501', '42501'),
-- chat_messages
('messages: read', 'select 1 from public.chat_messages where id = {message}', 'ok 1', 'ok 0', 'ok 1'),
('messages: add', 'insert into public.chat_messages (chat_id, role, content) values ({chat}, ''user'', ''x'')', 'ok 1', '23503', '23502'),
('messages: add as the owner', 'insert into public.chat_messages (chat_id, user_id, role, content) values ({chat}, {user}, ''user'', ''x'')', '42501', '42501', 'ok 1'),
('messages: add for another owner', 'insert into public.chat_messages (chat_id, user_id, role, content) values ({chat}, {stranger}, ''user'', ''x'')', '42501', '42501', '23503'),
('messages: add with seq', 'insert into public.chat_messages (chat_id, seq, role, content) values ({chat}, 1, ''user'', ''x'')', '42501', '42501', '23502'),
('messages: add to a chat that is not there', 'insert into public.chat_messages (chat_id, role, content) values (gen_random_uuid(), ''user'', ''x'')', '23503', '23503', '23502'),
('messages: add with all that a framework has', 'insert into public.chat_messages (chat_id, role, content, parts, metadata, parent_id, external_id, status) values ({chat}, ''user'', ''x'', ''[{"type": "text", "text": "x"}]'', ''{"a": 1}'', {message}, ''m'', ''streaming'')', 'ok 1', '23503', '23502'),
('messages: add below a message of another chat', 'insert into public.chat_messages (chat_id, role, content, parent_id) values ({chat}, ''user'', ''x'', {message elsewhere})', '23503', '23503', '23503'),
('messages: add with an image and a document of the chat', 'insert into public.chat_messages (chat_id, role, content, parts) select {chat}, ''user'', ''x'', jsonb_build_array(''chat-archive:image/'' || {image}, ''chat-archive:document/'' || {document})', 'ok 1', '23503', '23502'),
('messages: add with a document of another chat', 'insert into public.chat_messages (chat_id, role, content, parts) select {chat}, ''user'', ''x'', jsonb_build_array(''chat-archive:document/'' || {document elsewhere})', '23503', '23503', '23503'),
('messages: stream into', 'update public.chat_messages set content = ''y'', message_type = ''z'', parts = ''[]'', metadata = ''{}'', status = ''complete'' where id = {message}', 'ok 1', 'ok 0', 'ok 1'),
('messages: name a document of another chat', 'update public.chat_messages set parts = jsonb_build_array(''chat-archive:document/'' || {document elsewhere}) where id = {message}', '23503', 'ok 0', '23503'),
('messages: change parent', 'update public.chat_messages set parent_id = {message elsewhere} where id = {message}', '42501', '42501', '23514'),
('messages: change a framework''s id', 'update public.chat_messages set external_id = ''m'' where id = {message}', '42501', '42501', 'ok 1'),
('messages: change updated_at', 'update public.chat_messages set updated_at = now() where id = {message}', '42501', '42501', 'ok 1'),
('messages: change role', 'update public.chat_messages set role = ''assistant'' where id = {message}', '42501', '42501', 'ok 1'),
('messages: change id', 'update public.chat_messages set id = gen_random_uuid() where id = {message}', '42501', '42501', '23514'),
('messages: move to another chat', 'update public.chat_messages set chat_id = {second chat} where id = {message}', '42501', '42501', '23514'),
('messages: change user_id', 'update public.chat_messages set user_id = {stranger} where id = {message}', '42501', '42501', '23514'),
('messages: change seq', 'update public.chat_messages set seq = 1 where id = {message}', '42501', '42501', '23514'),
('messages: delete', 'delete from public.chat_messages where id = {message}', 'ok 1', 'ok 0', 'ok 1'),
('messages: truncate', 'truncate public.chat_messages cascade', '42501', '42501', '42501'),
-- chat_documents
('documents: read', 'select 1 from public.chat_documents where id = {document}', 'ok 1', 'ok 0', 'ok 1'),
('documents: add', 'insert into public.chat_documents (id, chat_id, user_id, name, s3_path, content_type, file_size) values (gen_random_uuid(), {chat}, {user}, ''a'', ''{prefix}/documents/x.pdf'', ''application/pdf'', 1)', '42501', '42501', 'ok 1'),
('documents: add with a key of another user', 'insert into public.chat_documents (id, chat_id, user_id, name, s3_path, content_type, file_size) values (gen_random_uuid(), {chat}, {user}, ''a'', ''00000000-0000-4000-8000-00000000000b/c0000000-0000-4000-8000-00000000000a/documents/x.pdf'', ''application/pdf'', 1)', '42501', '42501', '23514'),
('documents: add with a key of an image', 'insert into public.chat_documents (id, chat_id, user_id, name, s3_path, content_type, file_size) values (gen_random_uuid(), {chat}, {user}, ''a'', ''{prefix}/images/x.pdf'', ''application/pdf'', 1)', '42501', '42501', '23514'),
('documents: describe', 'update public.chat_documents set name = ''b'', page_count = 2, metadata = ''{"a": 1}'' where id = {document}', 'ok 1', 'ok 0', 'ok 1'),
('documents: change s3_path', 'update public.chat_documents set s3_path = ''{prefix}/documents/y.pdf'' where id = {document}', '42501', '42501', '23514'),
('documents: change file_size', 'update public.chat_documents set file_size = 2 where id = {document}', '42501', '42501', 'ok 1'),
('documents: move to another chat', 'update public.chat_documents set chat_id = {second chat} where id = {document}', '42501', '42501', '23514'),
('documents: change user_id', 'update public.chat_documents set user_id = {stranger} where id = {document}', '42501', '42501', '23514'),
('documents: change seq', 'update public.chat_documents set seq = 1 where id = {document}', '42501', '42501', '23514'),
('documents: delete', 'delete from public.chat_documents where id = {document}', 'ok 1', 'ok 0', 'ok 1'),
('documents: truncate', 'truncate public.chat_documents cascade', '42501', '42501', '42501'),
-- chat_images
('images: read', 'select 1 from public.chat_images where id = {image}', 'ok 1', 'ok 0', 'ok 1'),
('images: add', 'insert into public.chat_images (id, chat_id, user_id, image_name, s3_path, content_type, file_size) values (gen_random_uuid(), {chat}, {user}, ''a'', ''{prefix}/images/x.png'', ''image/png'', 1)', '42501', '42501', 'ok 1'),
('images: add with a key of another user', 'insert into public.chat_images (id, chat_id, user_id, image_name, s3_path, content_type, file_size) values (gen_random_uuid(), {chat}, {user}, ''a'', ''00000000-0000-4000-8000-00000000000b/c0000000-0000-4000-8000-00000000000a/images/x.png'', ''image/png'', 1)', '42501', '42501', '23514'),
('images: add with a key of another chat', 'insert into public.chat_images (id, chat_id, user_id, image_name, s3_path, content_type, file_size) select gen_random_uuid(), {chat}, {user}, ''a'', {user} || ''/'' || {second chat} || ''/images/x.png'', ''image/png'', 1', '42501', '42501', '23514'),
('images: add with ..', 'insert into public.chat_images (id, chat_id, user_id, image_name, s3_path, content_type, file_size) values (gen_random_uuid(), {chat}, {user}, ''a'', ''{prefix}/images/../x.png'', ''image/png'', 1)', '42501', '42501', '23514'),
('images: add with a signed address', 'insert into public.chat_images (id, chat_id, user_id, image_name, s3_path, s3_url, content_type, file_size) values (gen_random_uuid(), {chat}, {user}, ''a'', ''{prefix}/images/x.png'', ''https://b/x.png?X-Amz-Signature=1'', ''image/png'', 1)', '42501', '42501', '23514'),
('images: describe', 'update public.chat_images set description = ''y'', image_type = ''crop'' where id = {image}', 'ok 1', 'ok 0', 'ok 1'),
('images: attach', 'update public.chat_images set message_id = {message} where id = {image}', 'ok 1', 'ok 0', 'ok 1'),
('images: attach to a message of another chat', 'update public.chat_images set message_id = {message elsewhere} where id = {image}', '23503', 'ok 0', '23503'),
('images: say what they show', 'update public.chat_images set document_id = {document}, page_number = 3, coords_norm = ''[0, 0, 0.5, 0.5]'' where id = {image}', 'ok 1', 'ok 0', 'ok 1'),
('images: show a document of another chat', 'update public.chat_images set document_id = {document elsewhere} where id = {image}', '23503', 'ok 0', '23503'),
('images: change s3_path', 'update public.chat_images set s3_path = ''{prefix}/images/y.png'' where id = {image}', '42501', '42501', '23514'),
('images: change s3_url', 'update public.chat_images set s3_url = ''https://b/x.png'' where id = {image}', '42501', '42501', 'ok 1'),
('images: change file_size', 'update public.chat_images set file_size = 2 where id = {image}', '42501', '42501', 'ok 1'),
('images: change width', 'update public.chat_images set width = 2 where id = {image}', '42501', '42501', 'ok 1'),
('images: change image_name', 'update public.chat_images set image_name = ''b'' where id = {image}', '42501', '42501', 'ok 1'),
('images: move to another chat', 'update public.chat_images set chat_id = {second chat} where id = {image}', '42501', '42501', '23514'),
('images: change user_id', 'update public.chat_images set user_id = {stranger} where id = {image}', '42501', '42501', '23514'),
('images: change seq', 'update public.chat_images set seq = 1 where id = {image}', '42501', '42501', '23514'),
('images: delete', 'delete from public.chat_images where id = {image}', 'ok 1', 'ok 0', 'ok 1'),
('images: truncate', 'truncate public.chat_images', '42501', '42501', '42501'),
-- search_results
('hits: read', 'select 1 from public.search_results where chat_id = {chat}', 'ok 1', 'ok 0', 'ok 1'),
('hits: add', 'insert into public.search_results (chat_id, block_id, page_number) values ({chat}, ''b'', 1)', 'ok 1', '23503', '23502'),
('hits: add to a message', 'insert into public.search_results (chat_id, message_id, block_id, page_number) values ({chat}, {message}, ''b'', 1)', 'ok 1', '23503', '23502'),
('hits: add to a message of another chat', 'insert into public.search_results (chat_id, message_id, block_id, page_number) values ({chat}, {message elsewhere}, ''b'', 1)', '23503', '23503', '23502'),
('hits: add to a document', 'insert into public.search_results (chat_id, document_id, block_id, page_number, metadata) values ({chat}, {document}, ''b'', 1, ''{"a": 1}'')', 'ok 1', '23503', '23502'),
('hits: add to a document of another chat', 'insert into public.search_results (chat_id, document_id, block_id, page_number) values ({chat}, {document elsewhere}, ''b'', 1)', '23503', '23503', '23502'),
('hits: add as somebody', 'insert into public.search_results (chat_id, user_id, block_id, page_number) values ({chat}, {user}, ''b'', 1)', '42501', '42501', 'ok 1'),
('hits: add with seq', 'insert into public.search_results (chat_id, seq, block_id, page_number) values ({chat}, 1, ''b'', 1)', '42501', '42501', '23502'),
('hits: update', 'update public.search_results set block_text = ''y'' where chat_id = {chat}', '42501', '42501', 'ok 1'),
('hits: move to another chat', 'update public.search_results set chat_id = {second chat} where chat_id = {chat}', '42501', '42501', '23514'),
('hits: delete', 'delete from public.search_results where chat_id = {chat}', 'ok 1', 'ok 0', 'ok 1'),
('hits: truncate', 'truncate public.search_results', '42501', '42501', '42501'),
-- uploads
('uploads: read', 'select 1 from public.uploads where id = {reservation}', 'ok 1', 'ok 0', 'ok 1'),
('uploads: reserve', 'insert into public.uploads (chat_id, file_name, content_type, file_size, sha256) values ({chat}, ''a'', ''image/png'', 1, repeat(''0'', 64))', 'ok 1', '23503', '23502'),
('uploads: reserve for a message of another chat', 'insert into public.uploads (chat_id, message_id, file_name, content_type, file_size, sha256) values ({chat}, {message elsewhere}, ''a'', ''image/png'', 1, repeat(''0'', 64))', '23503', '23503', '23502'),
('uploads: reserve for a document', 'insert into public.uploads (chat_id, document_id, page_number, coords_norm, file_name, content_type, file_size, sha256) values ({chat}, {document}, 1, ''[0, 0, 1, 0.5]'', ''a'', ''image/png'', 1, repeat(''0'', 64))', 'ok 1', '23503', '23503'),
('uploads: reserve for a document of another chat', 'insert into public.uploads (chat_id, document_id, file_name, content_type, file_size, sha256) values ({chat}, {document elsewhere}, ''a'', ''image/png'', 1, repeat(''0'', 64))', '23503', '23503', '23503'),
('uploads: reserve as somebody', 'insert into public.uploads (chat_id, user_id, file_name, content_type, file_size, sha256) values ({chat}, {user}, ''a'', ''image/png'', 1, repeat(''0'', 64))', '42501', '42501', 'ok 1'),
('uploads: reserve without a hash', 'insert into public.uploads (chat_id, file_name, content_type, file_size) values ({chat}, ''a'', ''image/png'', 1)', '23514', '23514', '23502'),
('uploads: reserve as an import', 'insert into public.uploads (chat_id, file_name, content_type, file_size, imported) values ({chat}, ''a'', ''image/png'', 1, true)', '42501', '42501', '23502'),
('uploads: reserve for ever', 'insert into public.uploads (chat_id, file_name, content_type, file_size, sha256, expires_at) values ({chat}, ''a'', ''image/png'', 1, repeat(''0'', 64), ''infinity'')', '42501', '42501', '23502'),
('uploads: reserve for two hours', 'insert into public.uploads (chat_id, file_name, content_type, file_size, sha256, expires_in) values ({chat}, ''a'', ''image/png'', 1, repeat(''0'', 64), 7200)', '23514', '23514', '23502'),
('uploads: reserve as confirmed', 'insert into public.uploads (chat_id, file_name, content_type, file_size, sha256, status) values ({chat}, ''a'', ''image/png'', 1, repeat(''0'', 64), ''confirmed'')', '42501', '42501', '23502'),
('uploads: confirm', 'update public.uploads set status = ''confirmed'' where id = {reservation}', '42501', '42501', 'ok 1'),
('uploads: prolong', 'update public.uploads set expires_at = now() + interval ''1 day'' where id = {reservation}', '42501', '42501', 'ok 1'),
('uploads: reopen', 'update public.uploads set status = ''reserved'' where id = {image}', '42501', '42501', '23514'),
('uploads: change chat', 'update public.uploads set chat_id = {second chat} where id = {reservation}', '42501', '42501', '23514'),
('uploads: delete', 'delete from public.uploads where id = {reservation}', '42501', '42501', 'ok 1'),
('uploads: truncate', 'truncate public.uploads', '42501', '42501', '42501'),
-- storage_deletions
('outbox: read', 'select 1 from public.storage_deletions where user_id = {user} limit 1', 'ok 1', 'ok 0', 'ok 1'),
('outbox: add', 'insert into public.storage_deletions (user_id, target, reason) values ({user}, ''{prefix}/images/x.png'', ''orphan'')', '42501', '42501', 'ok 1'),
('outbox: add a key of another user', 'insert into public.storage_deletions (user_id, target, reason) values ({stranger}, ''{prefix}/images/x.png'', ''orphan'')', '42501', '42501', '23514'),
('outbox: settle', 'update public.storage_deletions set done_at = now() where user_id = {user} and done_at is null', '42501', '42501', 'ok 4'),
('outbox: delete', 'delete from public.storage_deletions where user_id = {user}', '42501', '42501', 'ok 4'),
('outbox: truncate', 'truncate public.storage_deletions', '42501', '42501', '42501'),
-- functions
('rpc: deletion_status', 'select * from public.deletion_status(array[{chat}])', 'ok 0', 'ok 0', 'ok 0'),
('rpc: delete_chats_slice', 'select public.delete_chats_slice(array[{chat}])', 'ok 1', 'ok 1', 'ok 1'),
('rpc: chat_messages_page', 'select * from public.chat_messages_page({chat})', 'ok 1', 'ok 0', 'ok 1'),
('rpc: history_page', 'select * from public.history_page({chat})', 'ok 1', 'ok 0', 'ok 1'),
('rpc: save_messages', 'select * from public.save_messages({chat}, ''[{"id": "80000000-0000-4000-8000-000000000000", "role": "user", "content": "x"}]'')', 'ok 1', '23503', '42501'),
('rpc: delete_messages', 'select * from public.delete_messages({chat}, array[{message}])', 'ok 1', 'ok 0', '42501'),
('rpc: search_results_page', 'select * from public.search_results_page({chat}, ''attached'')', 'ok 1', 'ok 0', 'ok 1'),
('rpc: chat_images_page', 'select * from public.chat_images_page({chat}, ''loose'')', 'ok 1', 'ok 0', 'ok 1'),
('rpc: all search results', 'select * from public.search_results_page({chat})', 'ok 1', 'ok 0', 'ok 1'),
('rpc: all images', 'select * from public.chat_images_page({chat})', 'ok 1', 'ok 0', 'ok 1'),
('rpc: export_part', 'select 1 from public.export_part() where id = {chat}', 'ok 1', 'ok 0', '42501'),
('rpc: begin_confirm', 'select * from public.begin_confirm(array[{reservation}])', '42501', '42501', 'ok 1'),
('rpc: give_up_confirm', 'select public.give_up_confirm(array[''x''])', '42501', '42501', 'ok 1'),
('rpc: renew_uploads', 'select * from public.renew_uploads(array[{reservation}], 60)', 'ok 0', 'ok 0', '42501'),
('rpc: confirm_uploads', 'select * from public.confirm_uploads(jsonb_build_array(jsonb_build_object(''id'', {reservation}, ''key'', ''x'')))', '42501', '42501', 'ok 0'),
('rpc: settle_confirm', 'select * from public.settle_confirm(array[{reservation}], ''[]'', ''{}'')', '42501', '42501', 'ok 1'),
('rpc: start_cleanup', 'select public.start_cleanup()', '42501', '42501', 'ok 1'),
('rpc: expire_uploads', 'select public.expire_uploads()', '42501', '42501', 'ok 1'),
('rpc: purge_receipts', 'select public.purge_receipts()', '42501', '42501', 'ok 1'),
('rpc: end_silent_messages', 'select public.end_silent_messages(900)', '42501', '42501', 'ok 1'),
('rpc: claim_storage_deletions', 'select * from public.claim_storage_deletions(0, 1)', '42501', '42501', 'ok 0'),
('rpc: live_object_keys', 'select * from public.live_object_keys(array[''x''])', '42501', '42501', 'ok 0'),
('rpc: settle_storage_deletions', 'select * from public.settle_storage_deletions(''[]'', 1)', '42501', '42501', 'ok 0'),
('rpc: cleanup_state', 'select * from public.cleanup_state()', '42501', '42501', 'ok 1'),
('rpc: account_deletion_status', 'select * from public.account_deletion_status()', 'ok 1', 'ok 1', 'ok 1'),
('rpc: delete_account_slice', 'select * from public.delete_account_slice({user})', '42501', '42501', 'ok 1'),
('rpc: delete_account_user', 'select public.delete_account_user({user})', '42501', '42501', 'ok 1'),
('rpc: unnamed_objects', 'select * from public.unnamed_objects(''[]'', 1)', '42501', '42501', 'ok 0'),
('rpc: enqueue_orphans', 'select public.enqueue_orphans(''[]'', 1)', '42501', '42501', 'ok 1'),
('rpc: rows_without_objects', 'select 1 from public.rows_without_objects('''', null, ''{}'', 1)', '42501', '42501', 'ok 1'),
('rpc: requeue_storage_deletions', 'select public.requeue_storage_deletions()', '42501', '42501', 'ok 1'),
('rpc: has_migration', 'select public.has_migration(''20261126090000'')', '42501', '42501', 'ok 1'),
('the history of migrations', 'select 1 from supabase_migrations.schema_migrations', '42501', '42501', '42501'),
('the schedule: on', 'select private.schedule_storage_cleanup(''https://x.supabase.co'', ''sb_secret_x'')', '42501', '42501', '42501'),
('the schedule: off', 'select private.unschedule_storage_cleanup()', '42501', '42501', '42501'),
('an auth user', 'select private.delete_auth_user({user})', '42501', '42501', 'ok 1'),
('trigger functions are out of reach', 'select private.give_seq()', '42501', '42501', '42501'),
('checks of rows', 'select private.are_boxes(''[]''), private.is_box(''[]''), private.is_readable_time(now()), private.is_own_key('''', {user}, {chat})', 'ok 1', 'ok 1', 'ok 1'),
('files that parts name', 'select private.named_files(''[]'')', 'ok 0', 'ok 0', 'ok 0'),
('the sequence is out of reach', 'select nextval(''private.item_seq'')', '42501', '42501', '42501'),
('rpc: begin_import', 'select public.begin_import(gen_random_uuid(), {user}, ''{"title": "x", "is_archived": false, "metadata": {}, "created_at": "2026-01-01"}'')', '42501', '42501', 'ok 1'),
('rpc: renew_import', 'select public.renew_import({chat})', '42501', '42501', 'ok 1'),
('rpc: await_import_documents', 'select public.await_import_documents({chat}, ''[]'')', '42501', '42501', 'ok 1'),
('rpc: name_import_documents', 'select public.name_import_documents({chat})', '42501', '42501', 'ok 1'),
('imports'' documents', 'select 1 from private.import_documents', '42501', '42501', 'ok 0'),
('rpc: finish_import', 'select public.finish_import({chat})', '42501', '42501', 'ok 1'),
('rpc: remove_stale_import', 'select public.remove_stale_import()', '42501', '42501', 'ok 1'),
('rpc: search_archive', 'select 1 from public.search_archive(''chat'', {chat})', 'ok 1', 'ok 0', '42501'),
('search: what finds texts', 'select 1 from private.find_texts(''chat'', {chat}, null, true, 20, null)', 'ok 1', 'ok 0', '42501'),
('search: entries', 'select 1 from private.search_entries', '42501', '42501', '42501'),
('search: add an entry', 'insert into private.search_entries values (''title'', gen_random_uuid(), {user}, {chat}, 0, now(), '''')', '42501', '42501', '42501'),
('search: change an entry', 'update private.search_entries set user_id = {stranger}', '42501', '42501', '42501'),
('search: delete an entry', 'delete from private.search_entries', '42501', '42501', '42501'),
('search: rebuild', 'select private.rebuild_search()', '42501', '42501', '42501'),
('search: words of a text', 'select private.search_words(''x'')', '42501', '42501', '42501'),
('search: keys of the index', 'select private.search_key({user}, ''title'', 0, ''x''), private.search_keys({user}, ''title'', 0, ''x'')', '42501', '42501', '42501'),
('search: what reads no row', 'select private.parse_search(''x''), private.unspaced(), private.search_text(''x''), private.utf16_length(''x''), private.search_places(''x'', ''x'', ''x'', true, 1, 1), private.search_snippet(''x'', ''x'', ''x'', ''x'')', 'ok 1', 'ok 1', '42501'),
('imports', 'select 1 from private.imports', 'ok 0', 'ok 0', 'ok 0'),
('imports: add', 'insert into private.imports values ({chat}, {user}, now())', '42501', '42501', 'ok 1'),
('the heartbeat', 'select 1 from private.cleanup_heartbeat', '42501', '42501', 'ok 1'),
('tombstones of chats', 'select 1 from private.chat_tombstones limit 0', '42501', '42501', 'ok 0'),
('tombstones of users', 'select 1 from private.user_tombstones limit 0', '42501', '42501', 'ok 0'),
('tombstones are for ever', 'delete from private.chat_tombstones', '42501', '42501', '42501'),
('tombstones are the database''s to add', 'insert into private.user_tombstones values ({user})', '42501', '42501', '42501'),
('rpc: check_bucket', 'select * from public.check_bucket(''b'', '''', null)', '42501', '42501', 'ok 1'),
('rpc: last_bucket_check', 'select * from public.last_bucket_check(''none'', '''')', '42501', '42501', 'ok 0'),
('rpc: raise_bucket_counter', 'select public.raise_bucket_counter()', '42501', '42501', 'ok 1'),
('the counter', 'select 1 from private.bucket_counter', '42501', '42501', 'ok 1'),
('checks of buckets', 'select 1 from private.bucket_checks limit 0', '42501', '42501', 'ok 0'),
('which database it is', 'select private.database_id()', '42501', '42501', 'ok 1'),
('the last item', 'select private.last_item()', '42501', '42501', 'ok 1'),
-- usage, quotas and rates
('usage: read', 'select 1 from public.usage where user_id = {user}', 'ok 1', 'ok 0', 'ok 1'),
('usage: change', 'update public.usage set chats = 0 where user_id = {user}', '42501', '42501', '42501'),
('usage: forget', 'delete from public.usage where user_id = {user}', '42501', '42501', '42501'),
('quotas: read', 'select 1 from public.quotas where user_id is null', 'ok 1', 'ok 1', 'ok 1'),
('quotas: read one''s own', 'select 1 from public.quotas where user_id = {user}', 'ok 1', 'ok 0', 'ok 1'),
('quotas: raise', 'update public.quotas set max_chats = 1000000 where user_id is null', '42501', '42501', 'ok 1'),
('quotas: add', 'insert into public.quotas (user_id, max_chats) values ({stranger}, 1)', '42501', '42501', 'ok 1'),
('quotas: forget', 'delete from public.quotas where user_id = {user}', '42501', '42501', 'ok 1'),
('rpc: my_usage', 'select * from public.my_usage()', 'ok 1', 'ok 1', '42501'),
('rpc: recount_usage', 'select public.recount_usage({user})', '42501', '42501', 'ok 1'),
('rpc: usage_owners', 'select 1 from public.usage_owners() o where o = {user}', '42501', '42501', 'ok 1'),
('rpc: tidy_usage', 'select public.tidy_usage()', '42501', '42501', 'ok 1'),
('deltas of usage', 'insert into private.usage_deltas (user_id, chats) values ({user}, -1)', '42501', '42501', '42501'),
('reservations that count', 'delete from private.reservations', '42501', '42501', '42501'),
('rpc: take_rate_token', 'select public.take_rate_token({user}, ''x'', 1)', '42501', '42501', 'ok 1'),
('rpc: forget_rate_buckets', 'select public.forget_rate_buckets()', '42501', '42501', 'ok 1'),
('buckets of rates', 'select 1 from private.rate_buckets where user_id = {user}', '42501', '42501', 'ok 0'),
('rpc: is_fresh_session', 'select public.is_fresh_session({user}, {chat}, 1)', '42501', '42501', 'ok 1');

select plan((select count(*)::integer * 5 from cases) + 10);

select is(
  pg_temp.attempt(a.actor, c.statement),
  case a.actor
    when 'owner' then c.owner
    when 'archiver' then c.owner
    when 'other' then c.other
    when 'anon' then '42501'
    else c.service_role
  end,
  a.actor || ' · ' || c.what
)
from cases c
cross join unnest(array['owner', 'archiver', 'other', 'anon', 'service_role']) with ordinality
  as a (actor, n)
order by c.n, a.n;

-- Whoever adds a function says who may execute it.
select is_empty(
  $$ select p.proname from pg_proc p
     where p.pronamespace = 'public'::regnamespace
       and not exists (
         select from pg_depend d
         where (d.classid, d.objid, d.deptype) = ('pg_proc'::regclass, p.oid, 'e')
       )
       and not exists (
         select from cases c where strpos(c.statement, 'public.' || p.proname || '(') > 0
       ) $$,
  'every exposed function is among the cases'
);

-- A generated column is refused before rights are looked at.
select is(pg_temp.attempt('owner', 'insert into public.uploads (chat_id, file_name, content_type, '
  'file_size, incoming_path) values ({chat}, ''a'', ''image/png'', 1, ''x'')'), '428C9',
  'owner · uploads: reserve a chosen key');
select is(pg_temp.attempt('owner', 'insert into public.uploads (chat_id, file_name, content_type, '
  'file_size, closes_at) values ({chat}, ''a'', ''image/png'', 1, ''infinity'')'), '428C9',
  'owner · uploads: reserve without an end');

-- And so is a word that a type does not have.
select is(pg_temp.attempt('owner', 'select 1 from public.' || f || '({chat}, ''some'')'), '22P02',
          'owner · rpc: ' || f || ' of an unknown scope')
from unnest(array['search_results_page', 'chat_images_page']) f;

-- Not even the tables' owner, in a hurry, orphans objects.
select is(pg_temp.attempt('operator', 'truncate public.' || t || ' cascade'), '42501',
          'operator · truncate ' || t)
from unnest(array['chats', 'chat_messages', 'chat_documents', 'chat_images', 'uploads']) t;

select * from finish();
rollback;
