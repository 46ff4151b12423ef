-- Confirmation: how bytes that have arrived become an image or a document.
--
-- Each attempt gets a key of its own, which the outbox deletes unless the attempt is recorded. The key is
-- written once, by the one function that begins the attempt, and no client has a URL for it. So what is
-- verified at the key is what stays there; an attempt that was killed, lost its answer or came second
-- leaves nothing behind. For service_role only: these run before and after the function has verified the
-- bytes, which no client can be trusted to have done.

create function private.attempt_stem(of_upload public.uploads) returns text
language sql
stable
set search_path = ''
as $$
  select of_upload.user_id::text || '/' || of_upload.chat_id::text
    || case of_upload.kind when 'document' then '/documents/' else '/images/' end
    || of_upload.id::text;
$$;
comment on function private.attempt_stem(public.uploads) is
  'What the keys of all attempts to confirm a reservation begin with. A hyphen follows: they lie from '
  'stem || ''-'' up to, and without, stem || ''.'', in the order that an index of text_pattern_ops has.';
revoke all on function private.attempt_stem(public.uploads) from public;
grant execute on function private.attempt_stem(public.uploads) to service_role;

create function private.attempt_key(of_upload public.uploads) returns text
language sql
stable
set search_path = ''
as $$
  select private.attempt_stem(of_upload) || '-' || of_upload.attempts::text || '.'
    || case of_upload.content_type
         when 'image/png' then 'png'
         when 'image/jpeg' then 'jpg'
         when 'image/webp' then 'webp'
         when 'image/gif' then 'gif'
         when 'application/pdf' then 'pdf'
       end;
$$;
comment on function private.attempt_key(public.uploads) is
  'Key of the latest attempt to confirm a reservation.';
revoke all on function private.attempt_key(public.uploads) from public;
grant execute on function private.attempt_key(public.uploads) to service_role;

-- The outbox takes the key an hour later, when no function that began the attempt can be alive, and
-- again a day later, when no request of it can be on its way. chat_id stays empty: a deletion of the chat
-- takes its own entries early.
create function public.begin_confirm(ids uuid[]) returns table (id uuid, key text)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  perform 1 from public.uploads u where u.id = any (ids) order by u.id for update;

  return query
  with begun as (
    update public.uploads u set attempts = u.attempts + 1
    where u.id = any (ids) and u.status = 'reserved' and u.closes_at > clock_timestamp()
      -- Whoever sends many confirms at once costs two copies at a time, and ten for each URL.
      and u.attempts < 10 * u.incoming_number
      and (
        select count(*) from public.storage_deletions d
        where d.target operator(pg_catalog.~>=~) (private.attempt_stem(u) || '-')
          and d.target operator(pg_catalog.~<~) (private.attempt_stem(u) || '.')
          -- A function lives for less than ten minutes, however it ends.
          and d.reason = 'copy_unconfirmed' and d.created_at > clock_timestamp() - interval '10 minutes'
      ) < 2
    returning u.id, u.user_id, private.attempt_key(u) as key
  ),
  enqueued as (
    insert into public.storage_deletions
      (user_id, target, reason, created_at, not_before, sweeps_left)
    select b.user_id, b.key, 'copy_unconfirmed', clock_timestamp(),
           clock_timestamp() + interval '1 hour', 2
    from begun b
  )
  select b.id, b.key from begun b;
end
$$;
comment on function public.begin_confirm(uuid[]) is
  'Begins an attempt to confirm each of these open reservations: the key that it may write to, once. Left '
  'out are those with two attempts under way, or ten made since the last URL was given out.';
revoke all on function public.begin_confirm(uuid[]) from public, anon, authenticated, service_role;
grant execute on function public.begin_confirm(uuid[]) to service_role;

create function public.give_up_confirm(keys text[]) returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  update public.storage_deletions d set reason = 'copy_given_up'
  where d.target = any (keys) and d.reason = 'copy_unconfirmed';
$$;
comment on function public.give_up_confirm(text[]) is
  'Gives the keys of attempts up for ever, so that others may begin. Their objects go when they are due.';
revoke all on function public.give_up_confirm(text[]) from public, anon, authenticated, service_role;
grant execute on function public.give_up_confirm(text[]) to service_role;

create function public.confirm_uploads(verified jsonb) returns setof uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  taken text[];
begin
  -- What is held is counted last: all writers of a user share its row.
  if to_regclass('private.usage_deltas') is not null then
    set constraints private.usage_deltas_count deferred;
  end if;

  -- Chats first, in one order, then reservations: deleting a chat locks in the same direction, and
  -- two confirms of overlapping batches can't deadlock.
  perform 1 from public.chats c
    where c.id in (
      select u.chat_id from public.uploads u
      join jsonb_array_elements(verified) v on u.id = (v ->> 'id')::uuid
    )
    order by c.id
    for no key update;

  perform 1 from public.uploads u
    join jsonb_array_elements(verified) v on u.id = (v ->> 'id')::uuid
    order by u.id
    for update of u;

  -- An entry that is due may have been claimed, and its object be on the way out. One that a worker
  -- holds at this moment is passed over: it is due.
  with own as (
    select d.id, d.target
    from jsonb_array_elements(verified) v
    join public.uploads u on u.id = (v ->> 'id')::uuid
    join public.storage_deletions d on d.target = v ->> 'key' and d.user_id = u.user_id
    where u.status = 'reserved' and u.closes_at > clock_timestamp()
      and d.target operator(pg_catalog.~>=~) (private.attempt_stem(u) || '-')
      and d.target operator(pg_catalog.~<~) (private.attempt_stem(u) || '.')
      and d.reason = 'copy_unconfirmed' and d.locked_until is null and d.done_at is null
      and d.not_before > clock_timestamp()
      -- A worker that has taken the object once has put the entry off until its second sweep.
      and d.attempts = 0 and d.sweeps_left = 2
    for update of d skip locked
  ),
  removed as (
    delete from public.storage_deletions d using own where d.id = own.id returning d.target
  )
  select coalesce(array_agg(r.target), '{}') into taken from removed r;

  insert into public.chat_documents (
    id, chat_id, user_id, name, s3_path, content_type, file_size, sha256, page_count
  )
  select u.id, u.chat_id, u.user_id, u.file_name, v ->> 'key', u.content_type, u.file_size,
         coalesce(u.sha256, v ->> 'sha256'), u.page_count
  from jsonb_array_elements(verified) with ordinality as t (v, n)
  join public.uploads u on u.id = (v ->> 'id')::uuid
  where u.kind = 'document' and v ->> 'key' = any (taken)
  order by t.n;

  -- Images of a document that were confirmed before it.
  update public.chat_images i set document_id = u.document_id
  from public.uploads u
  join jsonb_array_elements(verified) v on u.document_id = (v ->> 'id')::uuid
  join public.chat_documents d on d.id = u.document_id and d.chat_id = u.chat_id
  where i.id = u.id and i.chat_id = u.chat_id and i.document_id is null;

  insert into public.chat_images (
    id, chat_id, user_id, message_id, document_id, page_number, coords_norm, image_name, s3_path,
    s3_url, image_type, content_type, description, width, height, file_size, sha256
  )
  select u.id, u.chat_id, u.user_id, u.message_id,
         (select d.id from public.chat_documents d
          where d.id = u.document_id and d.chat_id = u.chat_id),
         u.page_number, u.coords_norm, u.file_name, v ->> 'key', v ->> 's3_url', u.image_type,
         u.content_type, u.description,
         coalesce((v ->> 'width')::integer, u.width),
         coalesce((v ->> 'height')::integer, u.height),
         u.file_size, coalesce(u.sha256, v ->> 'sha256')
  from jsonb_array_elements(verified) with ordinality as t (v, n)
  join public.uploads u on u.id = (v ->> 'id')::uuid
  where u.kind = 'image' and v ->> 'key' = any (taken)
  order by t.n;

  return query
    update public.uploads u set status = 'confirmed'
    from jsonb_array_elements(verified) v
    where u.id = (v ->> 'id')::uuid and v ->> 'key' = any (taken)
    returning u.id;

  if to_regclass('private.usage_deltas') is not null then
    set constraints private.usage_deltas_count immediate;
  end if;
end
$$;
comment on function public.confirm_uploads(jsonb) is
  'Records attempts whose bytes were verified as images or documents: [{id, key, s3_url, width, height, '
  'sha256}]. Returns those that it has recorded. Refused are those whose reservation is closed or was '
  'confirmed by another attempt, and those that the outbox has taken back.';
revoke all on function public.confirm_uploads(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.confirm_uploads(jsonb) to service_role;

-- One call, because each costs a confirm a round trip.
create function public.settle_confirm(ids uuid[], verified jsonb, given_up text[])
returns table (recorded uuid[], uploads jsonb, images jsonb, documents jsonb)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  recorded := array(select c from public.confirm_uploads(verified) c);
  perform public.give_up_confirm(given_up);
  -- As they are now: another confirm may have been faster, or the chat be gone.
  select coalesce(jsonb_agg(to_jsonb(u)), '[]') into uploads
    from public.uploads u where u.id = any (ids);
  select coalesce(jsonb_agg(to_jsonb(i) order by i.seq), '[]') into images
    from public.chat_images i where i.id = any (ids);
  select coalesce(jsonb_agg(to_jsonb(d) order by d.seq), '[]') into documents
    from public.chat_documents d where d.id = any (ids);
  return next;
end
$$;
comment on function public.settle_confirm(uuid[], jsonb, text[]) is
  'Ends attempts to confirm uploads: records those that were verified, as confirm_uploads does, gives the '
  'keys of others up, and says what the rows of all of these ids are then.';
revoke all on function public.settle_confirm(uuid[], jsonb, text[])
  from public, anon, authenticated, service_role;
grant execute on function public.settle_confirm(uuid[], jsonb, text[]) to service_role;
