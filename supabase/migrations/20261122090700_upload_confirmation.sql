-- The two steps that make an upload real. For service_role only: they run after the function has
-- verified the bytes, which no client can be trusted to have done.

-- The first confirm to verify a version pins it; only that version is ever copied to the final key.
-- Without it, a second confirm could verify other bytes, put through the same URL meanwhile, and
-- copy them over an object that a row already names.
create function public.pin_uploads(verified jsonb)
returns table (id uuid, etag varchar(200))
language sql
volatile
security invoker
set search_path = ''
as $$
  with locked as (
    select u.id, v ->> 'etag' as verified_etag
    from public.uploads u
    join jsonb_array_elements(verified) v on u.id = (v ->> 'id')::uuid
    where u.status = 'reserved' and u.expires_at + interval '1 hour' > now()
    order by u.id
    for update of u
  )
  update public.uploads u set etag = coalesce(u.etag, l.verified_etag)
  from locked l
  where u.id = l.id
  returning u.id, u.etag;
$$;
comment on function public.pin_uploads(jsonb) is
  'Pins the verified version of open reservations: [{id, etag}]. Returns the version that counts.';
revoke all on function public.pin_uploads(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.pin_uploads(jsonb) to service_role;

create function public.confirm_uploads(verified jsonb)
returns setof public.uploads
language plpgsql
security invoker
set search_path = ''
as $$
declare
  document record;
begin
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

  -- A reservation past its sweep is expired here too, so confirm and expiry have one outcome.
  insert into public.chat_images (
    id, chat_id, user_id, message_id, image_name, s3_path, s3_url, image_type, content_type,
    description, width, height, file_size, sha256
  )
  select u.id, u.chat_id, u.user_id, u.message_id, u.file_name, u.s3_path, v ->> 's3_url',
         u.image_type, u.content_type, u.description,
         coalesce((v ->> 'width')::integer, u.width),
         coalesce((v ->> 'height')::integer, u.height),
         u.file_size, u.sha256
  from jsonb_array_elements(verified) with ordinality as t (v, n)
  join public.uploads u on u.id = (v ->> 'id')::uuid
  where u.kind = 'image' and u.status = 'reserved'
    and u.expires_at + interval '1 hour' > now()
  order by t.n;

  -- One after the other: where a batch brings two documents of one chat, the last one stays, and
  -- the one before it has to be seen as replaced.
  for document in
    select u.chat_id, u.s3_path
    from jsonb_array_elements(verified) with ordinality as t (v, n)
    join public.uploads u on u.id = (v ->> 'id')::uuid
    where u.kind = 'document' and u.status = 'reserved'
      and u.expires_at + interval '1 hour' > now()
    order by t.n
  loop
    update public.chats c set document_path = document.s3_path where c.id = document.chat_id;
  end loop;

  update public.uploads u set status = 'confirmed'
  from jsonb_array_elements(verified) v
  where u.id = (v ->> 'id')::uuid and u.status = 'reserved'
    and u.expires_at + interval '1 hour' > now();

  return query
    select u.* from public.uploads u
    join jsonb_array_elements(verified) v on u.id = (v ->> 'id')::uuid
    where u.status = 'confirmed';
end
$$;
comment on function public.confirm_uploads(jsonb) is
  'Turns verified reservations into images or documents: [{id, s3_url, width, height}]. '
  'Idempotent; returns the reservations that are confirmed now.';
revoke all on function public.confirm_uploads(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.confirm_uploads(jsonb) to service_role;
