-- Hits and images of a chat in the order of seq, whatever they belong to: the order that the JSON of
-- an export keeps. `attached` is left out for it. Coordinates count as bytes, too: there may be 64 KiB
-- of them.

create or replace function public.search_results_page(
  of_chat uuid,
  attached boolean default null,
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
      where attached and m.chat_id = of_chat
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
      where not attached and t.chat_id = of_chat and t.message_id is null and t.seq > after_seq
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
      where attached is null and t.chat_id = of_chat and t.seq > after_seq
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
comment on function public.search_results_page(uuid, boolean, bigint, bigint, integer, integer) is
  'Search results of a chat after (message_seq, seq): those of its messages, in the order of the '
  'messages; those that belong to none; or, where attached is null, all in the order of seq. At most '
  'max_rows (1000), and no more once max_bytes of text are reached. At least one, if there is one.';

create or replace function public.chat_images_page(
  of_chat uuid,
  attached boolean default null,
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
      where attached and m.chat_id = of_chat
        and m.seq >= after_message and (m.seq, t.seq) > (after_message, after_seq)
      order by m.seq, t.seq
      limit least(max_rows, 1000)
    )
    union all
    (
      select 0, 0, t.seq, t.id,
             coalesce(octet_length(t.description), 0)
      from public.chat_images t
      where not attached and t.chat_id = of_chat and t.message_id is null and t.seq > after_seq
      order by t.seq
      limit least(max_rows, 1000)
    )
    union all
    (
      select 0, coalesce(m.seq, 0), t.seq, t.id,
             coalesce(octet_length(t.description), 0)
      from public.chat_images t
      left join public.chat_messages m on m.id = t.message_id and m.chat_id = t.chat_id
      where attached is null and t.chat_id = of_chat and t.seq > after_seq
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
comment on function public.chat_images_page(uuid, boolean, bigint, bigint, integer, integer) is
  'Images of a chat after (message_seq, seq): those of its messages, in the order of the messages; '
  'those that belong to none; or, where attached is null, all in the order of seq. At most '
  'max_rows (1000), and no more once max_bytes of text are reached. At least one, if there is one.';
