-- Pages that are bounded by bytes: a message may hold 1 MiB, and a thousand of them must not meet in
-- a function's memory.

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
