-- Pages and parts for readers and exports. Both are bounded by bytes: a message may hold 1 MiB, and a
-- thousand of them must not meet in a function's memory.

create function public.chat_messages_page(
  of_chat uuid,
  after_seq bigint default 0,
  max_rows integer default 500,
  max_bytes integer default 1048576
)
returns setof public.chat_messages
language sql
stable
security invoker
set search_path = ''
as $$
  select m.*
  from public.chat_messages m
  join (
    select p.id, sum(octet_length(p.content)) over (order by p.seq) - octet_length(p.content)
             as bytes_before
    from (
      select c.id, c.seq, c.content from public.chat_messages c
      where c.chat_id = of_chat and c.seq > after_seq
      order by c.seq
      limit least(max_rows, 1000)
    ) p
  ) s on s.id = m.id
  where s.bytes_before < max_bytes
  order by m.seq;
$$;
comment on function public.chat_messages_page(uuid, bigint, integer, integer) is
  'Messages of a chat after seq, in order: at most max_rows (1000), and no more once max_bytes of '
  'content are reached. At least one, if there is one.';
revoke all on function public.chat_messages_page(uuid, bigint, integer, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.chat_messages_page(uuid, bigint, integer, integer)
  to authenticated, service_role;

-- Search results and images of a chat come in one of three orders.
create type public.item_scope as enum ('attached', 'loose', 'all');
comment on type public.item_scope is
  'attached: those of messages, in the order of the messages; loose: those that belong to no message; '
  'all: whatever they belong to, in the order of seq.';

-- Coordinates count as bytes, too: there may be 64 KiB of them.
create function public.search_results_page(
  of_chat uuid,
  scope public.item_scope default 'all',
  after_message bigint default 0,
  after_seq bigint default 0,
  max_rows integer default 500,
  max_bytes integer default 1048576
)
returns table (message_seq bigint, seq bigint, item jsonb)
language sql
stable
security invoker
set search_path = ''
as $$
  with candidates as (
    (
      select m.seq as place, m.seq as message_seq, t.seq, t.id,
             coalesce(octet_length(t.block_text), 0)
               + coalesce(pg_column_size(t.coords_norm), 0)
               + coalesce(pg_column_size(t.coords_px), 0) as bytes
      from public.chat_messages m
      join public.search_results t on t.message_id = m.id and t.chat_id = m.chat_id
      where scope = 'attached' and m.chat_id = of_chat
        and m.seq >= after_message and (m.seq, t.seq) > (after_message, after_seq)
      order by m.seq, t.seq
      limit least(max_rows, 1000)
    )
    union all
    (
      select 0, 0, t.seq, t.id,
             coalesce(octet_length(t.block_text), 0)
               + coalesce(pg_column_size(t.coords_norm), 0)
               + coalesce(pg_column_size(t.coords_px), 0)
      from public.search_results t
      where scope = 'loose' and t.chat_id = of_chat and t.message_id is null and t.seq > after_seq
      order by t.seq
      limit least(max_rows, 1000)
    )
    union all
    (
      select 0, coalesce(m.seq, 0), t.seq, t.id,
             coalesce(octet_length(t.block_text), 0)
               + coalesce(pg_column_size(t.coords_norm), 0)
               + coalesce(pg_column_size(t.coords_px), 0)
      from public.search_results t
      left join public.chat_messages m on m.id = t.message_id and m.chat_id = t.chat_id
      where scope = 'all' and t.chat_id = of_chat and t.seq > after_seq
      order by t.seq
      limit least(max_rows, 1000)
    )
  ),
  summed as (
    select c.*, sum(c.bytes) over (order by c.place, c.seq) - c.bytes as bytes_before
    from candidates c
  )
  select s.message_seq, s.seq, to_jsonb(t)
  from summed s
  join public.search_results t on t.id = s.id
  where s.bytes_before < max_bytes
  order by s.place, s.seq;
$$;
comment on function public.search_results_page(uuid, public.item_scope, bigint, bigint, integer, integer) is
  'Search results of a chat after (message_seq, seq), those of the scope in its order. At most max_rows (1000), '
  'and no more once max_bytes of text are reached. At least one, if there is one.';
revoke all on function public.search_results_page(uuid, public.item_scope, bigint, bigint, integer, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.search_results_page(uuid, public.item_scope, bigint, bigint, integer, integer)
  to authenticated, service_role;

create function public.chat_images_page(
  of_chat uuid,
  scope public.item_scope default 'all',
  after_message bigint default 0,
  after_seq bigint default 0,
  max_rows integer default 500,
  max_bytes integer default 1048576
)
returns table (message_seq bigint, seq bigint, item jsonb)
language sql
stable
security invoker
set search_path = ''
as $$
  with candidates as (
    (
      select m.seq as place, m.seq as message_seq, t.seq, t.id,
             coalesce(octet_length(t.description), 0) as bytes
      from public.chat_messages m
      join public.chat_images t on t.message_id = m.id and t.chat_id = m.chat_id
      where scope = 'attached' and m.chat_id = of_chat
        and m.seq >= after_message and (m.seq, t.seq) > (after_message, after_seq)
      order by m.seq, t.seq
      limit least(max_rows, 1000)
    )
    union all
    (
      select 0, 0, t.seq, t.id,
             coalesce(octet_length(t.description), 0)
      from public.chat_images t
      where scope = 'loose' and t.chat_id = of_chat and t.message_id is null and t.seq > after_seq
      order by t.seq
      limit least(max_rows, 1000)
    )
    union all
    (
      select 0, coalesce(m.seq, 0), t.seq, t.id,
             coalesce(octet_length(t.description), 0)
      from public.chat_images t
      left join public.chat_messages m on m.id = t.message_id and m.chat_id = t.chat_id
      where scope = 'all' and t.chat_id = of_chat and t.seq > after_seq
      order by t.seq
      limit least(max_rows, 1000)
    )
  ),
  summed as (
    select c.*, sum(c.bytes) over (order by c.place, c.seq) - c.bytes as bytes_before
    from candidates c
  )
  select s.message_seq, s.seq, to_jsonb(t)
  from summed s
  join public.chat_images t on t.id = s.id
  where s.bytes_before < max_bytes
  order by s.place, s.seq;
$$;
comment on function public.chat_images_page(uuid, public.item_scope, bigint, bigint, integer, integer) is
  'Images of a chat after (message_seq, seq), those of the scope in its order. At most max_rows (1000), '
  'and no more once max_bytes of text are reached. At least one, if there is one.';
revoke all on function public.chat_images_page(uuid, public.item_scope, bigint, bigint, integer, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.chat_images_page(uuid, public.item_scope, bigint, bigint, integer, integer)
  to authenticated, service_role;

-- An export of all chats comes in parts of whole chats: one request of a function can only carry so
-- much. How much a chat is, the database knows best.
create function public.export_part(
  after_created_at timestamptz default null,
  after_id uuid default null,
  max_chats integer default 50,
  max_files integer default 300,
  max_bytes bigint default 134217728
)
returns table (id uuid, created_at timestamptz, more boolean)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  chats integer := 0;
  files bigint := 0;
  bytes bigint := 0;
begin
  for id, created_at in
    select c.id, c.created_at from public.chats c
    where c.user_id = (select auth.uid())
      and (
        after_id is null
        or (c.created_at, c.id) > (after_created_at, after_id)
      )
    order by c.created_at, c.id
    limit least(max_chats, 1000) + 1
  loop
    -- Text stands in the zip twice, as Markdown and as JSON.
    select files + count(*), bytes + coalesce(sum(i.file_size), 0) into files, bytes
      from public.chat_images i where i.chat_id = export_part.id;
    select files + count(*), bytes + coalesce(sum(u.file_size), 0) into files, bytes
      from public.chats c join public.uploads u on u.s3_path = c.document_path
      where c.id = export_part.id;
    select bytes + 2 * coalesce(sum(octet_length(m.content)), 0) into bytes
      from public.chat_messages m where m.chat_id = export_part.id;
    select bytes + 2 * coalesce(sum(octet_length(r.block_text)), 0) into bytes
      from public.search_results r where r.chat_id = export_part.id;
    more := chats > 0 and (chats >= max_chats or files > max_files or bytes > max_bytes);
    exit when more;
    chats := chats + 1;
    return next;
  end loop;
  -- The mark of an end, or of a part that is not the last one.
  id := null;
  created_at := null;
  more := coalesce(more, false);
  return next;
end
$$;
comment on function public.export_part(timestamptz, uuid, integer, integer, bigint) is
  'The caller''s chats after (created_at, id), the oldest first, as many as fit into one export: at '
  'least one, if there is one. The last row has no id; its `more` says whether chats are left.';
revoke all on function public.export_part(timestamptz, uuid, integer, integer, bigint)
  from public, anon, authenticated, service_role;
grant execute on function public.export_part(timestamptz, uuid, integer, integer, bigint)
  to authenticated;
