-- Takes back 20261122110000_pages_by_seq: the functions of 20261122090900_pages, as they were.
drop function public.chat_images_page(uuid, boolean, bigint, bigint, integer, integer);
drop function public.search_results_page(uuid, boolean, bigint, bigint, integer, integer);

create function public.search_results_page(
  of_chat uuid,
  attached boolean,
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
      select m.seq as message_seq, t.seq, t.id, coalesce(octet_length(t.block_text), 0) as bytes
      from public.chat_messages m
      join public.search_results t on t.message_id = m.id and t.chat_id = m.chat_id
      where attached and m.chat_id = of_chat
        and m.seq >= after_message and (m.seq, t.seq) > (after_message, after_seq)
      order by m.seq, t.seq
      limit least(max_rows, 1000)
    )
    union all
    (
      select 0, t.seq, t.id, coalesce(octet_length(t.block_text), 0)
      from public.search_results t
      where not attached and t.chat_id = of_chat and t.message_id is null and t.seq > after_seq
      order by t.seq
      limit least(max_rows, 1000)
    )
  ),
  summed as (
    select c.*, sum(c.bytes) over (order by c.message_seq, c.seq) - c.bytes as bytes_before
    from candidates c
  )
  select s.message_seq, s.seq, to_jsonb(t)
  from summed s
  join public.search_results t on t.id = s.id
  where s.bytes_before < max_bytes
  order by s.message_seq, s.seq;
$$;
comment on function public.search_results_page(uuid, boolean, bigint, bigint, integer, integer) is
  'Search results of a chat after (message_seq, seq): those of its messages, in the order of the messages, '
  'or those that belong to none. At most max_rows (1000), and no more once max_bytes of text are '
  'reached. At least one, if there is one.';
revoke all on function public.search_results_page(uuid, boolean, bigint, bigint, integer, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.search_results_page(uuid, boolean, bigint, bigint, integer, integer)
  to authenticated, service_role;

create function public.chat_images_page(
  of_chat uuid,
  attached boolean,
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
      select m.seq as message_seq, t.seq, t.id, coalesce(octet_length(t.description), 0) as bytes
      from public.chat_messages m
      join public.chat_images t on t.message_id = m.id and t.chat_id = m.chat_id
      where attached and m.chat_id = of_chat
        and m.seq >= after_message and (m.seq, t.seq) > (after_message, after_seq)
      order by m.seq, t.seq
      limit least(max_rows, 1000)
    )
    union all
    (
      select 0, t.seq, t.id, coalesce(octet_length(t.description), 0)
      from public.chat_images t
      where not attached and t.chat_id = of_chat and t.message_id is null and t.seq > after_seq
      order by t.seq
      limit least(max_rows, 1000)
    )
  ),
  summed as (
    select c.*, sum(c.bytes) over (order by c.message_seq, c.seq) - c.bytes as bytes_before
    from candidates c
  )
  select s.message_seq, s.seq, to_jsonb(t)
  from summed s
  join public.chat_images t on t.id = s.id
  where s.bytes_before < max_bytes
  order by s.message_seq, s.seq;
$$;
comment on function public.chat_images_page(uuid, boolean, bigint, bigint, integer, integer) is
  'Images of a chat after (message_seq, seq): those of its messages, in the order of the messages, '
  'or those that belong to none. At most max_rows (1000), and no more once max_bytes of text are '
  'reached. At least one, if there is one.';
revoke all on function public.chat_images_page(uuid, boolean, bigint, bigint, integer, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.chat_images_page(uuid, boolean, bigint, bigint, integer, integer)
  to authenticated, service_role;
