-- Page images of a chat. A row appears only when confirm-upload has verified its bytes.

create table public.chat_images (
  id uuid primary key,
  chat_id uuid not null,
  user_id uuid not null,
  message_id uuid,
  -- The trigger gives the value; the default only tells generated types that clients need not.
  seq bigint not null default 0,
  image_name varchar(512) not null,
  s3_path varchar(1024) not null,
  s3_url varchar(1024),
  image_type varchar(50) not null default 'viewport',
  content_type varchar(100) not null,
  description text,
  width integer,
  height integer,
  file_size integer not null,
  sha256 char(64),
  uploaded_at timestamptz not null default now(),
  constraint chat_images_chat_fkey foreign key (chat_id, user_id)
    references public.chats (id, user_id) on delete cascade,
  constraint chat_images_message_fkey foreign key (message_id, chat_id)
    references public.chat_messages (id, chat_id) on delete cascade,
  constraint chat_images_s3_path_key unique (s3_path),
  constraint chat_images_s3_path_is_own check (
    s3_path ~ (
      '^' || user_id::text || '/' || chat_id::text || '/images/[A-Za-z0-9_-]+\.[a-z0-9]+$'
    )
  ),
  -- Signed URLs expire and are bearer tokens: a query string is never stored.
  constraint chat_images_s3_url_unsigned check (s3_url !~ '[?#]'),
  constraint chat_images_description_size check (octet_length(description) <= 65536),
  constraint chat_images_width_positive check (width > 0),
  constraint chat_images_height_positive check (height > 0),
  constraint chat_images_file_size_positive check (file_size > 0),
  constraint chat_images_sha256_hex check (sha256 ~ '^[0-9a-f]{64}$')
);

comment on table public.chat_images is
  'A verified image in the bucket. Inserted by confirm-upload; deleting the row deletes the object.';
comment on column public.chat_images.id is 'The id of the upload that brought it.';
comment on column public.chat_images.chat_id is 'The chat that holds the image.';
comment on column public.chat_images.user_id is 'The chat''s owner; kept here so that one column decides access.';
comment on column public.chat_images.message_id is 'The message it illustrates, if any.';
comment on column public.chat_images.seq is 'Order within the chat.';
comment on column public.chat_images.image_name is 'The real file name, any characters. Never part of a key.';
comment on column public.chat_images.s3_path is 'Object key, <user_id>/<chat_id>/images/<id>.<ext>.';
comment on column public.chat_images.s3_url is 'Unsigned address of the object, for operators; private buckets refuse it.';
comment on column public.chat_images.image_type is 'viewport, crop, page or the application''s own kind.';
comment on column public.chat_images.content_type is 'Media type, as verified.';
comment on column public.chat_images.description is 'Alternative text, at most 64 KiB.';
comment on column public.chat_images.width is 'Pixels.';
comment on column public.chat_images.height is 'Pixels.';
comment on column public.chat_images.file_size is 'Bytes.';
comment on column public.chat_images.sha256 is 'Lower-case hex digest, when the client gave one.';
comment on column public.chat_images.uploaded_at is 'When the upload was confirmed.';

create index chat_images_chat_id_user_id_idx on public.chat_images (chat_id, user_id);
create index chat_images_chat_id_seq_idx on public.chat_images (chat_id, seq);
create index chat_images_message_id_chat_id_idx on public.chat_images (message_id, chat_id);

create trigger chat_images_give_seq
  before insert on public.chat_images
  for each row execute function private.give_seq();

create trigger chat_images_refuse_change
  before update of id, chat_id, user_id, seq, s3_path on public.chat_images
  for each row
  when (
    (old.id, old.chat_id, old.user_id, old.seq, old.s3_path)
    is distinct from (new.id, new.chat_id, new.user_id, new.seq, new.s3_path)
  )
  execute function private.refuse_change();

alter table public.chat_images enable row level security;

create policy "Users can read their own images" on public.chat_images
  for select to authenticated using ((select auth.uid()) = user_id);
create policy "Users can update their own images" on public.chat_images
  for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy "Users can delete their own images" on public.chat_images
  for delete to authenticated using ((select auth.uid()) = user_id);

revoke all on table public.chat_images from public, anon, authenticated, service_role;
grant select, delete on table public.chat_images to authenticated;
grant update (description, image_type, message_id) on table public.chat_images to authenticated;
grant select, insert, update, delete on table public.chat_images to service_role;
