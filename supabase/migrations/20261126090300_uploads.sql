-- Uploads: what a client was allowed to PUT, where its bytes go, and the two steps that make it real.
--
-- A client inserts the facts, the SHA-256 of the bytes among them; the database makes the keys and the
-- expiry. Bytes arrive on incoming_path. Each attempt to confirm copies them to a key of its own, verifies
-- what lies there, and records it: nothing that a client or another attempt can write becomes a row.

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
  imported boolean not null default false,
  incoming_number integer not null default 1,
  incoming_path varchar(1024) not null generated always as (
    user_id::text || '/' || chat_id::text || '/incoming/' || id::text || '-' || incoming_number::text
  ) stored,
  attempts integer not null default 0,
  status varchar(10) not null default 'reserved',
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
  constraint uploads_message_id_of_image check (message_id is null or kind = 'image'),
  constraint uploads_document_id_of_image check (document_id is null or kind = 'image'),
  constraint uploads_page_number_of_image check (page_number is null or kind = 'image'),
  constraint uploads_coords_norm_of_image check (coords_norm is null or kind = 'image'),
  constraint uploads_page_count_of_document check (page_count is null or kind = 'document'),
  constraint uploads_width_positive check (width > 0),
  constraint uploads_height_positive check (height > 0),
  constraint uploads_sha256_hex check (sha256 ~ '^[0-9a-f]{64}$'),
  -- An import hashes what it sends itself.
  constraint uploads_sha256_given check (sha256 is not null or imported),
  constraint uploads_incoming_number_positive check (incoming_number >= 1),
  constraint uploads_attempts_counted check (attempts >= 0)
);

comment on table public.uploads is
  'Reservation of one upload, made through presign-upload and settled by confirm-upload.';
comment on column public.uploads.id is 'Becomes the id of the image. Chosen by the client or generated.';
comment on column public.uploads.user_id is 'The chat''s owner; kept here so that one column decides access.';
comment on column public.uploads.chat_id is 'The chat that will hold the file.';
comment on column public.uploads.message_id is 'Of an image, the message that it illustrates, if any.';
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
comment on column public.uploads.sha256 is 'SHA-256 of all bytes in lower-case hex: what arrives is compared with it. Null only in imports.';
comment on column public.uploads.imported is
  'True: an import sends the bytes itself, straight to the key of an attempt. There is no URL.';
comment on column public.uploads.incoming_number is
  'How many URLs the reservation has had: each renewal writes to another key.';
comment on column public.uploads.incoming_path is
  'Object key that the signed PUT writes to. Always deleted after the URL has died.';
comment on column public.uploads.attempts is
  'How often confirming it was begun; numbers the key of each attempt.';
comment on column public.uploads.status is
  'reserved, then confirmed for good, or expired until it is renewed.';
comment on column public.uploads.expires_in is 'Seconds that the signed URL lives, at most 3600.';
comment on column public.uploads.expires_at is 'When the signed URL dies: expires_in after the reservation was made or renewed.';
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
  new.expires_at := now() + make_interval(secs => new.expires_in);
  return new;
end
$$;
comment on function private.set_upload_expiry() is
  'Trigger: the database, not the client, says when a reservation ends.';
revoke all on function private.set_upload_expiry() from public;

-- Before what asks for the size of their text, in a trigger, a generated column or a check.
create trigger uploads_bound_numbers
  before insert or update of coords_norm on public.uploads
  for each row
  when (
    private.has_long_numbers(new.coords_norm)
  )
  execute function private.refuse_long_numbers('coords_norm');

create trigger uploads_set_expiry
  before insert or update of incoming_number on public.uploads
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
  before update of id, user_id, chat_id, kind, content_type, file_size, sha256, imported
  on public.uploads
  for each row
  when (
    (old.id, old.user_id, old.chat_id, old.kind, old.content_type, old.file_size, old.sha256,
     old.imported)
    is distinct from
    (new.id, new.user_id, new.chat_id, new.kind, new.content_type, new.file_size, new.sha256,
     new.imported)
  )
  execute function private.refuse_change();

-- Keys are never used twice, and what is confirmed stays so. What has expired opens again with another
-- key for its bytes.
create trigger uploads_refuse_return
  before update of status, incoming_number, attempts on public.uploads
  for each row
  when (
    new.incoming_number < old.incoming_number
    or new.attempts < old.attempts
    or (old.status = 'confirmed' and new.status <> 'confirmed')
    or (old.status = 'expired' and new.status <> 'expired'
        and new.incoming_number = old.incoming_number)
  )
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

-- Renewal -----------------------------------------------------------------------------------------

-- Clients have no right to update reservations; what this changes is all that a renewal may.
create function private.renew_uploads(ids uuid[], seconds integer) returns setof public.uploads
language plpgsql
security definer
set search_path = ''
as $$
declare
  caller constant uuid := auth.uid();
begin
  perform 1 from public.uploads u
    where u.id = any (ids) and u.user_id = caller
    order by u.id
    for update;
  return query
    update public.uploads u
    set status = 'reserved', incoming_number = u.incoming_number + 1, expires_in = seconds
    where u.id = any (ids) and u.user_id = caller
      and u.status <> 'confirmed' and u.expires_at <= now() and not u.imported
    returning u.*;
end
$$;
comment on function private.renew_uploads(uuid[], integer) is
  'Opens the caller''s expired reservations again, each with another key for its bytes.';
revoke all on function private.renew_uploads(uuid[], integer) from public;
grant execute on function private.renew_uploads(uuid[], integer) to authenticated;

create function public.renew_uploads(ids uuid[], expires_in integer) returns setof public.uploads
language sql
volatile
security invoker
set search_path = ''
as $$
  select * from private.renew_uploads(ids, expires_in);
$$;
comment on function public.renew_uploads(uuid[], integer) is
  'Opens those of the caller''s reservations again whose URL has died unconfirmed, for expires_in '
  'seconds. Returns them, each with another incoming_path.';
revoke all on function public.renew_uploads(uuid[], integer)
  from public, anon, authenticated, service_role;
grant execute on function public.renew_uploads(uuid[], integer) to authenticated;
