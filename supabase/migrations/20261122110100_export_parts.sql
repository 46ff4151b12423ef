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
