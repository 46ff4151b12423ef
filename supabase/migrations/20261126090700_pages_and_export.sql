-- Pages and parts for readers and exports. All are bounded by bytes, whatever their caller asks for: a
-- message may hold 2 MiB, and a thousand of them must not meet in anybody's memory. In plpgsql where the
-- plan is worth keeping: a function in SQL is planned anew at each call.

create function public.chat_messages_page(
  of_chat uuid,
  after_seq bigint default 0,
  before_seq bigint default 9223372036854775807,
  descending boolean default false,
  max_rows integer default 500,
  max_bytes integer default 1048576
)
returns setof public.chat_messages
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return query
    select m.*
    from (
      select p.id, p.place, sum(p.bytes) over (order by p.place) - p.bytes as bytes_before
      from (
        (
          select c.id, c.seq as place, c.bytes from public.chat_messages c
          where not descending and c.chat_id = of_chat and c.seq > after_seq and c.seq < before_seq
          order by c.seq
          limit least(max_rows, 1000)
        )
        union all
        (
          select c.id, -c.seq, c.bytes from public.chat_messages c
          where descending and c.chat_id = of_chat and c.seq > after_seq and c.seq < before_seq
          order by c.seq desc
          limit least(max_rows, 1000)
        )
      ) p
    ) s
    join public.chat_messages m on m.id = s.id
    where s.bytes_before < greatest(least(max_bytes, 4194304), 1)
    order by s.place;
end
$$;
comment on function public.chat_messages_page(uuid, bigint, bigint, boolean, integer, integer) is
  'Messages of a chat between two seq, in order, or the newest first: at most max_rows (1000), and no '
  'more once max_bytes (4 MiB) are reached. At least one, if there is one.';
revoke all on function public.chat_messages_page(uuid, bigint, bigint, boolean, integer, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.chat_messages_page(uuid, bigint, bigint, boolean, integer, integer)
  to authenticated, service_role;

create function public.history_page(
  of_chat uuid,
  after_seq bigint default 0,
  before_seq bigint default 9223372036854775807,
  descending boolean default false,
  max_rows integer default 50,
  max_bytes integer default 1048576
)
returns table (message json, images json, search_results json)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  most constant integer := least(max_bytes, 4194304);
begin
  return query
    with candidates as materialized (
      (
        select m.id, m.seq as place, m.bytes from public.chat_messages m
        where not descending and m.chat_id = of_chat and m.seq > after_seq and m.seq < before_seq
        order by m.seq
        limit least(max_rows, 1000)
      )
      union all
      (
        select m.id, -m.seq, m.bytes from public.chat_messages m
        where descending and m.chat_id = of_chat and m.seq > after_seq and m.seq < before_seq
        order by m.seq desc
        limit least(max_rows, 1000)
      )
    ),
    measured as (
      select c.id, c.place, c.bytes
        + (select coalesce(sum(i.bytes + 1024), 0) from public.chat_images i
           where i.message_id = c.id)
        + (select coalesce(sum(s.bytes + 512), 0) from public.search_results s
           where s.message_id = c.id) as bytes
      from candidates c
    ),
    page as (
      select m.*, sum(m.bytes) over (order by m.place) as bytes_with from measured m
    )
    select
      (select row_to_json(m) from public.chat_messages m where m.id = p.id),
      case when p.bytes <= most then (
        select coalesce(json_agg(i order by i.seq), '[]') from public.chat_images i
        where i.message_id = p.id
      ) end,
      case when p.bytes <= most then (
        select coalesce(json_agg(s order by s.seq), '[]') from public.search_results s
        where s.message_id = p.id
      ) end
    from page p
    where p.bytes_with <= most or p.bytes_with = p.bytes
    order by p.place;
end
$$;
comment on function public.history_page(uuid, bigint, bigint, boolean, integer, integer) is
  'Messages of a chat between two seq with their images and search results, in order, or the newest '
  'first: at most max_rows (1000), and no more than fit into max_bytes (4 MiB). At least one, if there is '
  'one. Where one alone has more, its images and search results are null: chat_images_page and '
  'search_results_page give them, from its seq on.';
revoke all on function public.history_page(uuid, bigint, bigint, boolean, integer, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.history_page(uuid, bigint, bigint, boolean, integer, integer)
  to authenticated, service_role;

-- Search results and images of a chat come in one of three orders.
create type public.item_scope as enum ('attached', 'loose', 'all');
comment on type public.item_scope is
  'attached: those of messages, in the order of the messages; loose: those that belong to no message; '
  'all: whatever they belong to, in the order of seq.';

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
      select m.seq as place, m.seq as message_seq, t.seq, t.id, t.bytes
      from public.chat_messages m
      join public.search_results t on t.message_id = m.id and t.chat_id = m.chat_id
      where scope = 'attached' and m.chat_id = of_chat
        and m.seq >= after_message and (m.seq, t.seq) > (after_message, after_seq)
      order by m.seq, t.seq
      limit least(max_rows, 1000)
    )
    union all
    (
      select 0, 0, t.seq, t.id, t.bytes
      from public.search_results t
      where scope = 'loose' and t.chat_id = of_chat and t.message_id is null and t.seq > after_seq
      order by t.seq
      limit least(max_rows, 1000)
    )
    union all
    (
      select 0, coalesce(m.seq, 0), t.seq, t.id, t.bytes
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
  where s.bytes_before < greatest(least(max_bytes, 4194304), 1)
  order by s.place, s.seq;
$$;
comment on function public.search_results_page(uuid, public.item_scope, bigint, bigint, integer, integer) is
  'Search results of a chat after (message_seq, seq), those of the scope in its order. At most max_rows (1000), '
  'and no more once max_bytes (4 MiB) are reached. At least one, if there is one.';
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
      select m.seq as place, m.seq as message_seq, t.seq, t.id, t.bytes
      from public.chat_messages m
      join public.chat_images t on t.message_id = m.id and t.chat_id = m.chat_id
      where scope = 'attached' and m.chat_id = of_chat
        and m.seq >= after_message and (m.seq, t.seq) > (after_message, after_seq)
      order by m.seq, t.seq
      limit least(max_rows, 1000)
    )
    union all
    (
      select 0, 0, t.seq, t.id, t.bytes
      from public.chat_images t
      where scope = 'loose' and t.chat_id = of_chat and t.message_id is null and t.seq > after_seq
      order by t.seq
      limit least(max_rows, 1000)
    )
    union all
    (
      select 0, coalesce(m.seq, 0), t.seq, t.id, t.bytes
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
  where s.bytes_before < greatest(least(max_bytes, 4194304), 1)
  order by s.place, s.seq;
$$;
comment on function public.chat_images_page(uuid, public.item_scope, bigint, bigint, integer, integer) is
  'Images of a chat after (message_seq, seq), those of the scope in its order. At most max_rows (1000), '
  'and no more once max_bytes (4 MiB) are reached. At least one, if there is one.';
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
  size bigint := 0;
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
    select files + count(*), size + coalesce(sum(i.file_size + 2 * i.bytes), 0) into files, size
      from public.chat_images i where i.chat_id = export_part.id;
    select files + count(*), size + coalesce(sum(d.file_size + octet_length(d.metadata::text)), 0)
      into files, size
      from public.chat_documents d where d.chat_id = export_part.id;
    -- Text stands in the zip twice, as Markdown and as JSON; metadata once.
    select size + 2 * coalesce(octet_length(c.description), 0) + octet_length(c.metadata::text)
      into size from public.chats c where c.id = export_part.id;
    select size + 2 * coalesce(sum(m.bytes), 0) into size
      from public.chat_messages m where m.chat_id = export_part.id;
    select size + 2 * coalesce(sum(r.bytes), 0) into size
      from public.search_results r where r.chat_id = export_part.id;
    more := chats > 0 and (chats >= max_chats or files > max_files or size > max_bytes);
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
