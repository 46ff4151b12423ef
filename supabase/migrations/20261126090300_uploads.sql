-- Uploads: what a client was allowed to PUT, where its bytes go, and the two steps that make it real.
--
-- A client inserts the facts; the database makes the keys and the expiry. Bytes arrive on
-- incoming_path, and confirm-upload copies them to s3_path once it has verified them.

create table public.uploads (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  chat_id uuid not null,
  message_id uuid,
  document_id uuid,
  page_number integer,
  coords_norm jsonb,
  kind varchar(10) not null default 'image',
  file_name varchar(512) not null,
  content_type varchar(100) not null,
  file_size integer not null,
  image_type varchar(50) not null default 'viewport',
  description text,
  width integer,
  height integer,
  page_count integer,
  sha256 char(64),
  s3_path varchar(1024) not null generated always as (
    user_id::text || '/' || chat_id::text
    || case kind when 'document' then '/documents/' else '/images/' end
    || id::text || '.'
    || case content_type
         when 'image/png' then 'png'
         when 'image/jpeg' then 'jpg'
         when 'image/webp' then 'webp'
         when 'image/gif' then 'gif'
         when 'application/pdf' then 'pdf'
         -- Refused by the check on content_type, which comes after not null.
         else 'bin'
       end
  ) stored,
  incoming_path varchar(1024) not null generated always as (
    user_id::text || '/' || chat_id::text || '/incoming/' || id::text
  ) stored,
  status varchar(10) not null default 'reserved',
  etag varchar(200),
  expires_in integer not null default 900,
  -- The trigger gives the value; the default only tells generated types that clients need not.
  expires_at timestamptz not null default now(),
  -- In UTC, because only an addition that knows no time zone is immutable.
  closes_at timestamptz not null generated always as (
    (expires_at at time zone 'UTC' + interval '1 hour') at time zone 'UTC'
  ) stored,
  created_at timestamptz not null default now(),
  constraint uploads_chat_fkey foreign key (chat_id, user_id)
    references public.chats (id, user_id) on delete cascade,
  constraint uploads_message_fkey foreign key (message_id, chat_id)
    references public.chat_messages (id, chat_id) on delete cascade,
  constraint uploads_s3_path_key unique (s3_path),
  constraint uploads_incoming_path_key unique (incoming_path),
  constraint uploads_kind_known check (kind in ('image', 'document')),
  constraint uploads_content_type_known check (
    case kind
      when 'image' then content_type in ('image/png', 'image/jpeg', 'image/webp', 'image/gif')
      else content_type = 'application/pdf'
    end
  ),
  constraint uploads_status_known check (status in ('reserved', 'confirmed', 'expired')),
  constraint uploads_expires_in_range check (expires_in between 1 and 3600),
  constraint uploads_file_name_not_blank check (file_name ~ '\S'),
  constraint uploads_file_size_positive check (file_size > 0),
  constraint uploads_description_size check (octet_length(description) <= 65536),
  constraint uploads_page_number_positive check (page_number >= 1),
  constraint uploads_coords_norm_box check (private.is_box(coords_norm)),
  constraint uploads_page_count_positive check (page_count > 0),
  constraint uploads_document_id_of_image check (document_id is null or kind = 'image'),
  constraint uploads_page_number_of_image check (page_number is null or kind = 'image'),
  constraint uploads_coords_norm_of_image check (coords_norm is null or kind = 'image'),
  constraint uploads_page_count_of_document check (page_count is null or kind = 'document'),
  constraint uploads_width_positive check (width > 0),
  constraint uploads_height_positive check (height > 0),
  constraint uploads_sha256_hex check (sha256 ~ '^[0-9a-f]{64}$')
);

comment on table public.uploads is
  'Reservation of one upload, made through presign-upload and settled by confirm-upload.';
comment on column public.uploads.id is 'Becomes the id of the image. Chosen by the client or generated.';
comment on column public.uploads.user_id is 'The chat''s owner; kept here so that one column decides access.';
comment on column public.uploads.chat_id is 'The chat that will hold the file.';
comment on column public.uploads.message_id is 'The message that the image illustrates, if any.';
comment on column public.uploads.document_id is
  'Of an image, the document of the chat that it shows, which may be an upload of its own. It is left out '
  'as long as there is no such document.';
comment on column public.uploads.page_number is 'Copied to the image.';
comment on column public.uploads.coords_norm is 'Copied to the image.';
comment on column public.uploads.kind is 'image, or document (a PDF that the chat is about).';
comment on column public.uploads.file_name is 'The real file name, any characters. Never part of a key.';
comment on column public.uploads.content_type is 'Media type that the signed PUT is bound to.';
comment on column public.uploads.file_size is 'Bytes that the signed PUT is bound to.';
comment on column public.uploads.image_type is 'Copied to the image.';
comment on column public.uploads.description is 'Copied to the image.';
comment on column public.uploads.width is 'Pixels, as the client says; the verified image decides.';
comment on column public.uploads.height is 'Pixels, as the client says; the verified image decides.';
comment on column public.uploads.page_count is 'Copied to the document.';
comment on column public.uploads.sha256 is 'Lower-case hex digest, if the client gives one.';
comment on column public.uploads.s3_path is 'Final object key, made by the database.';
comment on column public.uploads.incoming_path is
  'Object key that the signed PUT writes to. Always deleted after the URL has died.';
comment on column public.uploads.status is 'reserved, then confirmed or expired; never back.';
comment on column public.uploads.etag is
  'Version on incoming_path that the first confirm verified. Only this one is ever copied.';
comment on column public.uploads.expires_in is 'Seconds that the signed URL lives, at most 3600.';
comment on column public.uploads.expires_at is 'When the signed URL dies: created_at plus expires_in.';
comment on column public.uploads.closes_at is
  'An hour after expires_at, because a PUT that began in time may still be running: until then the '
  'upload can be confirmed, afterwards it brings no bytes any more. Every rule about "later" uses it.';
comment on column public.uploads.created_at is 'When the reservation was made.';

create index uploads_chat_id_user_id_idx on public.uploads (chat_id, user_id);
create index uploads_message_id_chat_id_idx on public.uploads (message_id, chat_id);
-- Images that wait for their document.
create index uploads_document_id_idx on public.uploads (document_id)
  where document_id is not null;
-- What the cleanup worker expires.
create index uploads_reserved_closes_at_idx on public.uploads (closes_at)
  where status = 'reserved';
create index uploads_reserved_user_id_idx on public.uploads (user_id)
  where status = 'reserved';

create function private.set_upload_expiry() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  -- now() + interval is not immutable, so a generated column can't do it.
  new.expires_at := new.created_at + make_interval(secs => new.expires_in);
  return new;
end
$$;
comment on function private.set_upload_expiry() is
  'Trigger: the database, not the client, says when a reservation ends.';
revoke all on function private.set_upload_expiry() from public;

create trigger uploads_set_expiry
  before insert on public.uploads
  for each row execute function private.set_upload_expiry();

-- No foreign key: a document and its images may be reserved together. The owner is part of each
-- condition, so that nobody learns of the documents of others.
create function private.check_upload_document() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  -- A repetition of a reservation that has arrived is ignored, whatever went since.
  if exists (
    select from public.uploads u where u.id = new.id and u.chat_id = new.chat_id
  ) then
    return new;
  end if;
  if not exists (
    select from public.chat_documents d
    where d.id = new.document_id and d.chat_id = new.chat_id and d.user_id = new.user_id
  ) and not exists (
    select from public.uploads u
    where u.id = new.document_id and u.chat_id = new.chat_id and u.user_id = new.user_id
      and u.kind = 'document' and u.status = 'reserved'
  ) then
    raise exception using
      errcode = 'foreign_key_violation',
      message = 'document_id: the chat has no such document';
  end if;
  return new;
end
$$;
comment on function private.check_upload_document() is
  'Trigger: the document that an image shows is one of its chat, stored or reserved (23503).';
revoke all on function private.check_upload_document() from public;

create trigger uploads_check_document
  before insert on public.uploads
  for each row
  when (new.document_id is not null)
  execute function private.check_upload_document();

create trigger uploads_refuse_change
  before update of id, user_id, chat_id, kind, content_type on public.uploads
  for each row
  when (
    (old.id, old.user_id, old.chat_id, old.kind, old.content_type)
    is distinct from (new.id, new.user_id, new.chat_id, new.kind, new.content_type)
  )
  execute function private.refuse_change();

create trigger uploads_refuse_reopening
  before update of status on public.uploads
  for each row
  when (old.status <> 'reserved' and new.status is distinct from old.status)
  execute function private.refuse_change();

alter table public.uploads enable row level security;

create policy "Users can read their own uploads" on public.uploads
  for select to authenticated using ((select auth.uid()) = user_id);
create policy "Users can reserve uploads in their own chats" on public.uploads
  for insert to authenticated with check ((select auth.uid()) = user_id);

revoke all on table public.uploads from public, anon, authenticated, service_role;
grant select on table public.uploads to authenticated;
grant insert (id, chat_id, message_id, document_id, page_number, coords_norm, kind, file_name,
              content_type, file_size, image_type, description, width, height, page_count, sha256,
              expires_in)
  on table public.uploads to authenticated;
grant select, insert, update, delete on table public.uploads to service_role;

-- Confirmation ------------------------------------------------------------------------------------

-- For service_role only: these run after the function has verified the bytes, which no client can be
-- trusted to have done.

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
    where u.status = 'reserved' and u.closes_at > now()
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

  -- A reservation past its sweep is expired here too, so confirm and expiry have one outcome.
  insert into public.chat_documents (
    id, chat_id, user_id, name, s3_path, content_type, file_size, sha256, page_count
  )
  select u.id, u.chat_id, u.user_id, u.file_name, u.s3_path, u.content_type, u.file_size, u.sha256,
         u.page_count
  from jsonb_array_elements(verified) with ordinality as t (v, n)
  join public.uploads u on u.id = (v ->> 'id')::uuid
  where u.kind = 'document' and u.status = 'reserved'
    and u.closes_at > now()
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
         u.page_number, u.coords_norm, u.file_name, u.s3_path, v ->> 's3_url', u.image_type,
         u.content_type, u.description,
         coalesce((v ->> 'width')::integer, u.width),
         coalesce((v ->> 'height')::integer, u.height),
         u.file_size, u.sha256
  from jsonb_array_elements(verified) with ordinality as t (v, n)
  join public.uploads u on u.id = (v ->> 'id')::uuid
  where u.kind = 'image' and u.status = 'reserved'
    and u.closes_at > now()
  order by t.n;

  update public.uploads u set status = 'confirmed'
  from jsonb_array_elements(verified) v
  where u.id = (v ->> 'id')::uuid and u.status = 'reserved'
    and u.closes_at > now();

  if to_regclass('private.usage_deltas') is not null then
    set constraints private.usage_deltas_count immediate;
  end if;

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
