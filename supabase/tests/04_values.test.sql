-- Values that no row may hold, whoever writes it.
begin;
create extension if not exists pgtap with schema extensions;
select plan(35);

insert into auth.users (id) values ('00000000-0000-4000-8000-00000000000a');
select set_config('request.jwt.claims',
  '{"sub": "00000000-0000-4000-8000-00000000000a", "role": "authenticated"}', true);
insert into public.chats (id, title) values ('c0000000-0000-4000-8000-000000000001', 'One');

create function pg_temp.hit(norm jsonb, px jsonb default null) returns void language sql as $$
  insert into public.search_results (chat_id, block_id, page_number, coords_norm, coords_px)
  values ('c0000000-0000-4000-8000-000000000001', 'b', 1, norm, px);
$$;

select throws_ok($$ insert into public.chats (title) values (E' \n') $$, '23514', null, 'a blank title');
select throws_ok($$ insert into public.chats (title) values (repeat('x', 256)) $$, '22001', null, 'a long title');
select throws_ok($$ insert into public.chats (title, metadata) values ('a', '[]') $$, '23514', null, 'metadata that is no object');
select throws_ok(
  $$ insert into public.chats (title, metadata) values ('a', jsonb_build_object('a', repeat('x', 65536))) $$,
  '23514', null, 'metadata over 64 KiB');
select throws_ok(
  $$ update public.chats set document_path = '00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000002/documents/a.pdf' $$,
  '23514', null, 'a document of another chat');
select throws_ok(
  $$ update public.chats set document_path = '00000000-0000-4000-8000-00000000000a/c0000000-0000-4000-8000-000000000001/documents/../a.pdf' $$,
  '23514', null, 'a document path with ..');
select throws_ok(
  $$ insert into public.chat_messages (chat_id, role, content) values ('c0000000-0000-4000-8000-000000000001', 'system', 'a') $$,
  '23514', null, 'an unknown role');
select throws_ok(
  $$ insert into public.chat_messages (chat_id, role, content) values ('c0000000-0000-4000-8000-000000000001', 'user', repeat('x', 1048577)) $$,
  '23514', null, 'content over 1 MiB');
select throws_ok(
  $$ insert into public.search_results (chat_id, block_id, page_number) values ('c0000000-0000-4000-8000-000000000001', 'b', 0) $$,
  '23514', null, 'page 0');
select throws_ok(
  $$ insert into public.search_results (chat_id, block_id, page_number, score) values ('c0000000-0000-4000-8000-000000000001', 'b', 1, 'NaN') $$,
  '23514', null, 'a score that is no number');

select lives_ok($$ select pg_temp.hit('[0, 0.1, 1, 1]', '[0, 5, 100.5, 900]') $$, 'one box');
select lives_ok($$ select pg_temp.hit('[[0, 0.1, 1, 1], [0, 0, 0.5, 0.5]]', '[[1, 2, 3, 4]]') $$, 'several boxes');
select lives_ok($$ select pg_temp.hit('[[0,0,1,1],[0,0,1,1],[0,0,1,1],[0,0,1,1]]') $$, 'four boxes');
select throws_ok($$ select pg_temp.hit('[0, 0, 1.01, 1]') $$, '23514', null, 'a fraction over 1');
select throws_ok($$ select pg_temp.hit('[-0.1, 0, 1, 1]') $$, '23514', null, 'a fraction under 0');
select throws_ok($$ select pg_temp.hit('[0, 0, 1]') $$, '23514', null, 'three numbers');
select throws_ok($$ select pg_temp.hit('[]') $$, '23514', null, 'no box');
select throws_ok($$ select pg_temp.hit('["0", 0, 1, 1]') $$, '23514', null, 'text for a number');
select throws_ok($$ select pg_temp.hit('[[0, 0, 1]]') $$, '23514', null, 'a list with three numbers');
select throws_ok($$ select pg_temp.hit('[[0, 0, 1, 2]]') $$, '23514', null, 'a list with a fraction over 1');
select throws_ok($$ select pg_temp.hit('[[0, 0, 1, [1]]]') $$, '23514', null, 'a list within a box');
select throws_ok($$ select pg_temp.hit('{"x": 1}') $$, '23514', null, 'an object');
select throws_ok($$ select pg_temp.hit(null, '[0, 0, -1, 1]') $$, '23514', null, 'pixels under 0');
select throws_ok($$ select pg_temp.hit('0.5') $$, '23514', null, 'a number alone');
select throws_ok($$ select pg_temp.hit('[0, 0, 1, 1, 1]') $$, '23514', null, 'five numbers');
select throws_ok($$ select pg_temp.hit('[[0, 0, 1, 1], 1]') $$, '23514', null, 'a number among boxes');
select throws_ok(
  $$ select pg_temp.hit(null, (select jsonb_agg(('0.' || repeat('1', 16383))::numeric) from generate_series(1, 4))) $$, '23514', null,
  'boxes over 64 KiB');
select lives_ok(
  $$ select pg_temp.hit((select jsonb_agg('[0,0,1,1]'::jsonb) from generate_series(1, 1000))) $$,
  'a thousand boxes');
select throws_ok(
  $$ select pg_temp.hit((select jsonb_agg('[0,0,1,1]'::jsonb) from generate_series(1, 1001))) $$,
  '23514', null, 'one box more than that');
select lives_ok($$ select pg_temp.hit(null, null) $$, 'no box at all, where none is meant');

select throws_ok(
  $$ insert into public.uploads (chat_id, file_name, content_type, file_size, sha256) values ('c0000000-0000-4000-8000-000000000001', 'a', 'text/html', 1, repeat('0', 64)) $$,
  '23514', null, 'a type that can''t be stored');

select throws_ok(
  format('insert into public.chats (title, created_at) values (''a'', %L)', t), '23514', null,
  'a time that not every client can read: ' || t)
from unnest(array['infinity', '0044-03-15 BC', '20000-01-01']) t;
select throws_ok(
  $$ insert into public.chat_messages (chat_id, role, content, created_at)
     values ('c0000000-0000-4000-8000-000000000001', 'user', 'a', 'infinity') $$,
  '23514', null, 'a message written at infinity');

select * from finish();
rollback;
