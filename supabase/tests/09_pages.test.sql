-- Pages of messages in both directions, bounded by rows and bytes.
begin;
create extension if not exists pgtap with schema extensions;
select plan(41);

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

-- Chat 1 has ten messages; the third has two images and a search result, the seventh two search
-- results. Chat 2 is another one of the owner.
insert into public.chats (id, user_id, title)
select pg_temp.id('c', n), '00000000-0000-4000-8000-00000000000a', 'A chat' from generate_series(1, 3) n;
insert into public.chat_messages (id, chat_id, user_id, role, content)
select pg_temp.id('1', n), id, user_id, 'user', n::text
from public.chats, generate_series(1, 10) g (n) where id = pg_temp.id('c', 1) order by g.n;
insert into public.uploads (id, chat_id, user_id, message_id, file_name, content_type, file_size, sha256)
select pg_temp.id('4', n), id, user_id, pg_temp.id('1', 3), 'a.png', 'image/png', 1, repeat('0', 64)
from public.chats, generate_series(1, 2) n where id = pg_temp.id('c', 1);
do $$ begin
  perform public.confirm_uploads((
    select jsonb_agg(jsonb_build_object('id', b.id, 'key', b.key) order by b.id)
    from public.begin_confirm(array[pg_temp.id('4', 1), pg_temp.id('4', 2)]) b));
end $$;
insert into public.search_results (chat_id, user_id, message_id, block_id, page_number)
select m.chat_id, m.user_id, m.id, b, 1
from (values (3, 'b1'), (7, 'b2'), (7, 'b3')) t (n, b) join public.chat_messages m on m.id = pg_temp.id('1', n)
order by b;
insert into public.chat_messages (chat_id, user_id, role, content)
select id, user_id, 'user', 'elsewhere' from public.chats where id = pg_temp.id('c', 2);

create function pg_temp.seq(n integer) returns bigint language sql as $$
  select seq from public.chat_messages where id = pg_temp.id('1', n);
$$;
-- Contents in the order of the page.
create function pg_temp.messages(
  after integer default null, before integer default null, descending boolean default false,
  max_rows integer default 100, max_bytes integer default 1000000, chat integer default 1
) returns text language sql as $$
  select string_agg(left(p.content, 10), ' ' order by n) from public.chat_messages_page(
    pg_temp.id('c', chat), coalesce(pg_temp.seq(after), 0),
    coalesce(pg_temp.seq(before), 9223372036854775807), descending, max_rows, max_bytes
  ) with ordinality p (id, chat_id, user_id, seq, role, content, message_type, parts, metadata, parent_id,
                       external_id, status, created_at, updated_at, bytes, n);
$$;
-- The same with the images and search results of each: `-`: not given.
create function pg_temp.history(
  after integer default null, before integer default null, descending boolean default false,
  max_rows integer default 100, max_bytes integer default 1000000, chat integer default 1
) returns text language sql as $$
  select string_agg(
    left(p.message ->> 'content', 10)
      || case when json_array_length(p.images) > 0 then '+' || json_array_length(p.images) || 'i' else '' end
      || coalesce((select string_agg('+' || (r ->> 'block_id'), '' order by o)
                   from json_array_elements(p.search_results) with ordinality s (r, o)), '')
      || case when p.images is null then '-' else '' end
      || case when p.search_results is null then '-' else '' end, ' ' order by n)
  from public.history_page(
    pg_temp.id('c', chat), coalesce(pg_temp.seq(after), 0),
    coalesce(pg_temp.seq(before), 9223372036854775807), descending, max_rows, max_bytes
  ) with ordinality p (message, images, search_results, n);
$$;

select pg_temp.become('owner');

select is(pg_temp.messages(), '1 2 3 4 5 6 7 8 9 10', 'messages: all, in order');
select is(pg_temp.messages(after => 3, max_rows => 2), '4 5', 'messages: after one');
select is(pg_temp.messages(before => 4), '1 2 3', 'messages: before one');
select is(pg_temp.messages(after => 3, before => 7), '4 5 6', 'messages: between two');
select is(pg_temp.messages(descending => true, max_rows => 3), '10 9 8', 'messages: the newest first');
select is(pg_temp.messages(descending => true, before => 8, max_rows => 2), '7 6', 'messages: and on');
select is(pg_temp.messages(descending => true, after => 7, before => 10), '9 8', 'messages: between two, backwards');
select is(pg_temp.messages(after => 10), null, 'messages: nothing after the last');
select is(pg_temp.messages(max_bytes => 0), '1', 'messages: at least one');
select is(pg_temp.messages(descending => true, max_bytes => 0), '10', 'messages: backwards too');
-- A content of one byte and {}: three bytes each.
select is(pg_temp.messages(max_bytes => 6), '1 2', 'messages: no more once the bytes are reached');
select is(pg_temp.messages(max_bytes => 7), '1 2 3', 'messages: and one that reaches past them');

select is(pg_temp.history(), '1 2 3+2i+b1 4 5 6 7+b2+b3 8 9 10', 'history: all, in order, each with its own');
select is(pg_temp.history(after => 2, max_rows => 2), '3+2i+b1 4', 'history: after one');
select is(pg_temp.history(before => 4), '1 2 3+2i+b1', 'history: before one');
select is(pg_temp.history(after => 6, before => 9), '7+b2+b3 8', 'history: between two');
select is(pg_temp.history(descending => true, max_rows => 4), '10 9 8 7+b2+b3', 'history: the newest first');
select is(pg_temp.history(descending => true, before => 7, max_rows => 2), '6 5', 'history: and on');
select is(pg_temp.history(descending => true, after => 2, before => 5), '4 3+2i+b1', 'history: between two, backwards');
select is(pg_temp.history(after => 10), null, 'history: nothing after the last');
select is(pg_temp.history(max_bytes => 6), '1 2', 'history: no more than fit');
select is(pg_temp.history(max_bytes => 8), '1 2', 'history: not one that reaches past the bytes');
select is(pg_temp.history(max_bytes => 2), '1--', 'history: at least one, whose items are read apart');
select is(pg_temp.history(after => 6, max_bytes => 500), '7--', 'history: one with more items than fit');
select is(pg_temp.history(after => 2, max_bytes => 2000), '3--', 'history: one with more images than fit');
select is(pg_temp.history(after => 1, max_bytes => 500), '2', 'history: which waits for a page of its own');
select is(pg_temp.history(descending => true, before => 8, max_bytes => 500), '7--', 'history: backwards too');
select is(
  (select array[message ->> 'id', message ->> 'bytes', images::text, search_results::text]
   from public.history_page(pg_temp.id('c', 1), max_rows => 1)),
  array[pg_temp.id('1', 1)::text, '3', '[]', '[]'], 'history: a message has every column, and empty lists');
select is(
  (select array_agg(k order by k) from public.history_page(pg_temp.id('c', 1), max_rows => 1),
     json_object_keys(message) k),
  (select array_agg(column_name::text order by column_name::text) from information_schema.columns
   where table_schema = 'public' and table_name = 'chat_messages'), 'history: the columns are those of the table');
select is((select max_rows from (select count(*) as max_rows from public.history_page(pg_temp.id('c', 1), max_rows => 0)) c),
  0::bigint, 'history: none where none is asked');
select throws_ok(format('select * from public.%s(%L, max_rows => -1)', f, pg_temp.id('c', 1)), '2201W', null,
  'fewer than none is refused: ' || f) from unnest(array['history_page', 'chat_messages_page']) f;

select pg_temp.become('other');
select is(pg_temp.messages(), null, 'messages: nothing of somebody else''s');
select is(pg_temp.history(), null, 'history: nothing of somebody else''s');

-- Bounds that hold whatever is asked.
select pg_temp.become('operator');
insert into public.chat_messages (id, chat_id, user_id, role, content)
select pg_temp.id('1', 100 + n), id, user_id, 'user', repeat('x', 1048570)
from public.chats, generate_series(1, 6) n where id = pg_temp.id('c', 3);
select pg_temp.become('owner');
select is(array_length(string_to_array(pg_temp.history(max_bytes => 2000000000, chat => 3), ' '), 1), 4,
  'history: 4 MiB, whatever is asked');
select is(array_length(string_to_array(pg_temp.messages(max_bytes => 2000000000, chat => 3), ' '), 1), 5,
  'messages: 4 MiB and the one that reaches past them');
select is(array_length(string_to_array(pg_temp.history(max_bytes => null, chat => 3), ' '), 1), 4,
  'history: null asks for no more');
select pg_temp.become('operator');
insert into public.chat_messages (chat_id, user_id, role, content)
select id, user_id, 'user', 'x' from public.chats, generate_series(1, 1001) n where id = pg_temp.id('c', 2);
select pg_temp.become('owner');
select is(array_length(string_to_array(pg_temp.history(max_rows => r, chat => 2), ' '), 1), 1000,
  'history: 1000 rows, whatever is asked') from unnest(array[2000, null]) r;
select is(array_length(string_to_array(pg_temp.messages(max_rows => r, chat => 2), ' '), 1), 1000,
  'messages: 1000 rows, whatever is asked') from unnest(array[2000, null]) r;
select pg_temp.become('operator');

select * from finish();
rollback;
