-- Messages as frameworks keep them: what their parts may name, a list that is saved as one, and
-- deletion that loses no image that another message still shows.

-- Files that parts name ---------------------------------------------------------------------------

-- In the text, which is read several times as fast as the tree is walked. As jsonb is written there, a
-- blank or [ stands before the quote that opens a value, a backslash before a quote within one, and a
-- colon after a key.
create function private.named_files(parts jsonb)
returns table (kind text, id uuid)
language sql
immutable
strict
parallel safe
set search_path = ''
as $$
  select distinct split_part(t.piece, '/', 1), substr(split_part(t.piece, '/', 2), 1, 36)::uuid
  from string_to_table(
    replace(parts::text, '["chat-archive:', ' "chat-archive:'), ' "chat-archive:'
  ) with ordinality t (piece, n)
  where t.n > 1 and left(t.piece, 47)
    ~ '^(image|document)/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"(?!:)';
$$;
comment on function private.named_files(jsonb) is
  'Images and documents that parts name: whole values chat-archive:image/<id> or '
  'chat-archive:document/<id>, wherever they stand.';
revoke all on function private.named_files(jsonb) from public;
grant execute on function private.named_files(jsonb) to authenticated, service_role;

-- With the rights of whoever writes the message: nobody learns of the rows of others.
create function private.check_message() returns trigger
language plpgsql
set search_path = ''
as $$
declare
  absent record;
begin
  -- A repetition of an insert that has arrived is ignored, whatever went since.
  if tg_op = 'INSERT' and exists (
    select from public.chat_messages m where m.id = new.id and m.chat_id = new.chat_id
  ) then
    return new;
  end if;
  -- seq grows with every row, so that a message that is there already is an earlier one. By id alone,
  -- here and below: an index that begins with chat_id is never the one to choose.
  if tg_op = 'INSERT' and new.parent_id is not null and new.chat_id is distinct from (
    select m.chat_id from public.chat_messages m where m.id = new.parent_id
  ) then
    raise exception using
      errcode = 'foreign_key_violation',
      message = 'parent_id: must be an earlier message of the chat';
  end if;
  select f.kind, f.id into absent
  from private.named_files(new.parts) f
  where not case
      when f.kind = 'image' and new.chat_id = (
        select i.chat_id from public.chat_images i where i.id = f.id
      ) then true
      when f.kind = 'document' and new.chat_id = (
        select d.chat_id from public.chat_documents d where d.id = f.id
      ) then true
      -- The files of an import come after its messages.
      when exists (select from private.imports i where i.chat_id = new.chat_id) then true
      -- A file that is gone meanwhile does not keep the message that named it from being changed.
      else f.id in (select o.id from private.named_files(old.parts) o)
    end
  limit 1;
  if found then
    raise exception using
      errcode = 'foreign_key_violation',
      message = format('parts: the chat has no %s %s', absent.kind, absent.id);
  end if;
  return new;
end
$$;
comment on function private.check_message() is
  'Trigger: the parent of a message is an earlier one of its chat, and what its parts begin to name are '
  'files of the chat (23503).';
revoke all on function private.check_message() from public;

-- Named to come after the trigger that locks the chat: what an insert may name can't go meanwhile.
create trigger chat_messages_names_are_there
  before insert or update of parts on public.chat_messages
  for each row
  when (new.parent_id is not null or new.parts is not null)
  execute function private.check_message();

-- Deletion ----------------------------------------------------------------------------------------

create function public.delete_messages(
  of_chat uuid,
  ids uuid[] default null,
  after_seq bigint default null,
  max_rows integer default 1000
)
returns setof uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  doomed uuid[];
begin
  if (ids is null) = (after_seq is null) then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'ids: give either ids or after_seq';
  end if;
  perform 1 from public.chats c where c.id = of_chat for no key update;
  -- The newest first: what is left, where there are more, is the beginning of the chat.
  doomed := array(
    select m.id from public.chat_messages m
    where m.chat_id = of_chat and (ids is null or m.id = any (ids))
      and m.seq > coalesce(after_seq, 0)
    order by m.seq desc
    limit least(max_rows, 1000)
  );
  if exists (
    select from public.chat_images i where i.message_id = any (doomed) and i.chat_id = of_chat
  ) then
    update public.chat_images i set message_id = keeper.message_id
    from (
      select distinct on (f.id) f.id, m.id as message_id
      from public.chat_messages m, private.named_files(m.parts) f
      where m.chat_id = of_chat and m.parts is not null and m.id <> all (doomed)
        and f.kind = 'image'
      order by f.id, m.seq
    ) keeper
    where i.id = keeper.id and i.message_id = any (doomed) and i.chat_id = of_chat;
  end if;
  return query
    delete from public.chat_messages m where m.id = any (doomed) and m.chat_id = of_chat
    returning m.id;
end
$$;
comment on function public.delete_messages(uuid, uuid[], bigint, integer) is
  'Deletes messages of a chat, those with the ids or all after a seq, at most max_rows (1000) a call, the '
  'newest first, with what belongs to them. Images that the parts of another message name go to that '
  'message. Returns the ids that are gone.';
revoke all on function public.delete_messages(uuid, uuid[], bigint, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.delete_messages(uuid, uuid[], bigint, integer) to authenticated;

-- A list that is saved as one ---------------------------------------------------------------------

create function public.save_messages(
  of_chat uuid,
  messages jsonb,
  replaces uuid[] default '{}'
)
returns setof public.chat_messages
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  ids uuid[];
  taken text;
begin
  if jsonb_typeof(messages) is distinct from 'array' or jsonb_array_length(messages) > 1000 then
    raise exception using
      errcode = 'invalid_parameter_value', message = 'messages: a list of at most 1000';
  end if;
  -- Before any of it is turned into text.
  if private.has_long_numbers(messages) then
    raise exception using
      errcode = 'numeric_value_out_of_range',
      message = 'messages: numbers must fit a double';
  end if;
  if cardinality(replaces) > 1000 then
    raise exception using errcode = 'invalid_parameter_value', message = 'replaces: at most 1000 ids';
  end if;
  ids := array(select (e ->> 'id')::uuid from jsonb_array_elements(messages) e);
  -- Which counts no null.
  if cardinality(ids) > (select count(distinct i) from unnest(ids) i) then
    raise exception using
      errcode = 'invalid_parameter_value', message = 'messages: each has an id of its own';
  end if;

  -- What is held is counted last: all writers of a user share its row.
  if to_regclass('private.usage_deltas') is not null then
    set constraints private.usage_deltas_count deferred;
  end if;

  -- One writer of a chat at a time, as for seq.
  perform 1 from public.chats c where c.id = of_chat for no key update;
  if not found then
    raise exception using
      errcode = 'foreign_key_violation', message = 'chat_id: there is no such chat';
  end if;
  -- Nor does a message go that is found here. A plain delete does not ask for the chat's lock.
  perform 1 from public.chat_messages m
    where m.id = any (ids) and m.chat_id = of_chat
    order by m.seq
    for key share;

  -- What is there takes the later value, and what the caller leaves out stays, as it is when another
  -- transaction that writes it has ended.
  update public.chat_messages m
  set content = coalesce(e ->> 'content', m.content),
      message_type = coalesce(e ->> 'message_type', m.message_type),
      parts = case when e ? 'parts' then nullif(e -> 'parts', 'null') else m.parts end,
      metadata = coalesce(nullif(e -> 'metadata', 'null'), m.metadata),
      status = coalesce(e ->> 'status', m.status)
  from jsonb_array_elements(messages) e
  where m.id = (e ->> 'id')::uuid and m.chat_id = of_chat
    and (
      m.content <> e ->> 'content' or m.message_type <> e ->> 'message_type'
      or m.metadata <> nullif(e -> 'metadata', 'null') or m.status <> e ->> 'status'
      or e ? 'parts' and m.parts is distinct from nullif(e -> 'parts', 'null')
    );

  insert into public.chat_messages
    (id, chat_id, role, content, message_type, parts, metadata, parent_id, external_id, status,
     created_at)
  select (e ->> 'id')::uuid, of_chat, e ->> 'role', e ->> 'content',
         coalesce(e ->> 'message_type', 'text'), nullif(e -> 'parts', 'null'),
         coalesce(nullif(e -> 'metadata', 'null'), '{}'), (e ->> 'parent_id')::uuid,
         e ->> 'external_id', coalesce(e ->> 'status', 'complete'),
         coalesce((e ->> 'created_at')::timestamptz, now())
  from jsonb_array_elements(messages) with ordinality t (e, n)
  where not exists (
    select from public.chat_messages m where m.id = (e ->> 'id')::uuid and m.chat_id = of_chat
  )
  order by n
  -- What is taken by a row elsewhere is found by the next statement, which does not say whose it is.
  on conflict (id) do nothing;

  select case
      when m.id is null then 'id'
      when m.role <> e ->> 'role' then 'role'
      when m.parent_id <> (e ->> 'parent_id')::uuid then 'parent_id'
      else 'external_id'
    end into taken
  from jsonb_array_elements(messages) e
  left join public.chat_messages m on m.id = (e ->> 'id')::uuid and m.chat_id = of_chat
  where m.id is null or m.role <> e ->> 'role'
     -- The parent of a message whose parent was deleted is null, and equals any.
     or m.parent_id <> (e ->> 'parent_id')::uuid
     -- '' stands for none: it is nobody's id.
     or coalesce(m.external_id, '') <> e ->> 'external_id'
  limit 1;
  if found then
    raise exception using
      errcode = 'unique_violation',
      message = format('%s: the id is taken by a row with another value', taken);
  end if;

  -- An image that belongs to no message goes to the first of the list that names it.
  if exists (select from public.chat_images i where i.chat_id = of_chat and i.message_id is null) then
    update public.chat_images i set message_id = named.message_id
    from (
      select distinct on (f.id) f.id, (e ->> 'id')::uuid as message_id
      from jsonb_array_elements(messages) with ordinality t (e, n),
           private.named_files(e -> 'parts') f
      where f.kind = 'image'
      order by f.id, n
    ) named
    where i.id = named.id and i.chat_id = of_chat and i.message_id is null;
  end if;

  if cardinality(replaces) > 0 then
    perform public.delete_messages(
      of_chat, array(select r from unnest(replaces) r where r <> all (ids))
    );
  end if;

  if to_regclass('private.usage_deltas') is not null then
    set constraints private.usage_deltas_count immediate;
  end if;

  return query
    select m.* from public.chat_messages m where m.id = any (ids) and m.chat_id = of_chat
    order by m.seq;
end
$$;
comment on function public.save_messages(uuid, jsonb, uuid[]) is
  'Saves a list of up to 1000 messages [{id, role, content, message_type, parts, metadata, parent_id, '
  'external_id, status, created_at}] in one transaction. Those that are there keep their seq and take '
  'content, message_type, parts, metadata and status, where given (null: not given, but for parts, which '
  'it empties); the others are added, in order. Of replaces, ids that this writer knew, those that are not '
  'in the list are deleted. Returns the list as it is stored.';
revoke all on function public.save_messages(uuid, jsonb, uuid[])
  from public, anon, authenticated, service_role;
grant execute on function public.save_messages(uuid, jsonb, uuid[]) to authenticated;
