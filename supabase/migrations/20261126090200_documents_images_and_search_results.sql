-- What belongs to a chat besides its messages: its documents, images of their pages, and the search
-- results (block, page, coordinates) that an answer leans on.

-- A row appears only when confirm-upload has verified its bytes.
create table public.chat_documents (
  id uuid primary key,
  chat_id uuid not null,
  user_id uuid not null,
  -- The trigger gives the value; the default only tells generated types that clients need not.
  seq bigint not null default 0,
  name varchar(512) not null,
  s3_path varchar(1024) not null,
  content_type varchar(100) not null,
  file_size integer not null,
  sha256 char(64),
  page_count integer,
  metadata jsonb not null default '{}',
  uploaded_at timestamptz not null default now(),
  constraint chat_documents_chat_fkey foreign key (chat_id, user_id)
    references public.chats (id, user_id) on delete cascade,
  -- Images and search results reference (document_id, chat_id).
  constraint chat_documents_id_chat_id_key unique (id, chat_id),
  constraint chat_documents_s3_path_key unique (s3_path),
  constraint chat_documents_s3_path_is_own check (
    private.is_own_key(s3_path, user_id, chat_id, 'documents')
  ),
  constraint chat_documents_name_not_blank check (name ~ '\S'),
  constraint chat_documents_file_size_positive check (file_size > 0),
  constraint chat_documents_sha256_hex check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint chat_documents_page_count_positive check (page_count > 0),
  constraint chat_documents_metadata_is_object check (jsonb_typeof(metadata) = 'object'),
  constraint chat_documents_metadata_size check (octet_length(metadata::text) <= 65536)
);

comment on table public.chat_documents is
  'A verified document in the bucket. Inserted by confirm-upload; deleting the row deletes the object.';
comment on column public.chat_documents.id is 'The id of the upload that brought it.';
comment on column public.chat_documents.chat_id is 'The chat that holds the document.';
comment on column public.chat_documents.user_id is 'The chat''s owner; kept here so that one column decides access.';
comment on column public.chat_documents.seq is 'Order within the chat: the first one is the chat''s document_path.';
comment on column public.chat_documents.name is 'The real file name, any characters. Never part of a key.';
comment on column public.chat_documents.s3_path is 'Object key, made by the database.';
comment on column public.chat_documents.content_type is 'Media type, as verified.';
comment on column public.chat_documents.file_size is 'Bytes.';
comment on column public.chat_documents.sha256 is 'Lower-case hex digest of its bytes.';
comment on column public.chat_documents.page_count is 'Pages, where the application has counted them.';
comment on column public.chat_documents.metadata is 'The application''s own JSON object, at most 64 KiB.';
comment on column public.chat_documents.uploaded_at is 'When the upload was confirmed.';

create index chat_documents_chat_id_user_id_seq_idx on public.chat_documents (chat_id, user_id, seq);
create index chat_documents_chat_id_seq_idx on public.chat_documents (chat_id, seq);
-- Reconcile compares keys as S3 lists them, byte by byte, whatever the database's collation.
create index chat_documents_s3_path_bytes_idx on public.chat_documents (s3_path text_pattern_ops);

-- Before what asks for the size of their text, in a trigger, a generated column or a check.
create trigger chat_documents_bound_numbers
  before insert or update of metadata on public.chat_documents
  for each row
  when (
    private.has_long_numbers(new.metadata)
  )
  execute function private.refuse_long_numbers('metadata');

create trigger chat_documents_give_seq
  before insert on public.chat_documents
  for each row execute function private.give_seq();

create trigger chat_documents_refuse_change
  before update of id, chat_id, user_id, seq, s3_path on public.chat_documents
  for each row
  when (
    (old.id, old.chat_id, old.user_id, old.seq, old.s3_path)
    is distinct from (new.id, new.chat_id, new.user_id, new.seq, new.s3_path)
  )
  execute function private.refuse_change();

-- Where the chat itself is being deleted there is no row left to update. Locked first, in one order:
-- the next statement then sees what others who added or deleted documents have committed.
create function private.keep_document_path() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform 1 from public.chats c
    where c.id in (select k.chat_id from changed k)
    order by c.id
    for no key update;
  update public.chats c set document_path = first.s3_path
  from (
    select k.chat_id, (
      select d.s3_path from public.chat_documents d where d.chat_id = k.chat_id
      order by d.seq limit 1
    ) as s3_path
    from (select distinct chat_id from changed) k
  ) first
  where c.id = first.chat_id and c.document_path is distinct from first.s3_path;
  return null;
end
$$;
comment on function private.keep_document_path() is
  'Trigger: document_path of a chat is the key of its first document.';
revoke all on function private.keep_document_path() from public;

create trigger chat_documents_keep_path_on_insert
  after insert on public.chat_documents
  referencing new table as changed
  for each statement execute function private.keep_document_path();
create trigger chat_documents_keep_path_on_delete
  after delete on public.chat_documents
  referencing old table as changed
  for each statement execute function private.keep_document_path();

alter table public.chat_documents enable row level security;

create policy "Users can read their own documents" on public.chat_documents
  for select to authenticated using ((select auth.uid()) = user_id);
create policy "Users can update their own documents" on public.chat_documents
  for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy "Users can delete their own documents" on public.chat_documents
  for delete to authenticated using ((select auth.uid()) = user_id);

revoke all on table public.chat_documents from public, anon, authenticated, service_role;
grant select, delete on table public.chat_documents to authenticated;
grant update (name, page_count, metadata) on table public.chat_documents to authenticated;
grant select, insert, update, delete on table public.chat_documents to service_role;

-- Images ------------------------------------------------------------------------------------------

-- A row appears only when confirm-upload has verified its bytes.
create table public.chat_images (
  id uuid primary key,
  chat_id uuid not null,
  user_id uuid not null,
  message_id uuid,
  document_id uuid,
  page_number integer,
  coords_norm jsonb,
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
  bytes integer not null generated always as (
    coalesce(octet_length(description), 0) + coalesce(octet_length(coords_norm::text), 0)
  ) stored,
  constraint chat_images_chat_fkey foreign key (chat_id, user_id)
    references public.chats (id, user_id) on delete cascade,
  constraint chat_images_message_fkey foreign key (message_id, chat_id)
    references public.chat_messages (id, chat_id) on delete cascade,
  constraint chat_images_document_fkey foreign key (document_id, chat_id)
    references public.chat_documents (id, chat_id) on delete set null (document_id),
  constraint chat_images_s3_path_key unique (s3_path),
  constraint chat_images_s3_path_is_own check (
    private.is_own_key(s3_path, user_id, chat_id, 'images')
  ),
  -- Signed URLs expire and are bearer tokens: a query string is never stored.
  constraint chat_images_s3_url_unsigned check (s3_url !~ '[?#]'),
  constraint chat_images_page_number_positive check (page_number >= 1),
  constraint chat_images_coords_norm_box check (private.is_box(coords_norm)),
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
comment on column public.chat_images.document_id is 'The document that it shows, if any.';
comment on column public.chat_images.page_number is 'The page that it shows, from 1, if any.';
comment on column public.chat_images.coords_norm is
  'The part of the page that it shows, one box [x0, y0, x1, y1] as fractions of the page; null: all.';
comment on column public.chat_images.seq is 'Order within the chat.';
comment on column public.chat_images.image_name is 'The real file name, any characters. Never part of a key.';
comment on column public.chat_images.s3_path is 'Object key, <user_id>/<chat_id>/images/<id>-<attempt>.<ext>.';
comment on column public.chat_images.s3_url is 'Unsigned address of the object, for operators; private buckets refuse it.';
comment on column public.chat_images.image_type is 'viewport, crop, page or the application''s own kind.';
comment on column public.chat_images.content_type is 'Media type, as verified.';
comment on column public.chat_images.description is 'Alternative text, at most 64 KiB.';
comment on column public.chat_images.width is 'Pixels.';
comment on column public.chat_images.height is 'Pixels.';
comment on column public.chat_images.file_size is 'Bytes.';
comment on column public.chat_images.sha256 is 'Lower-case hex digest of its bytes.';
comment on column public.chat_images.uploaded_at is 'When the upload was confirmed.';
comment on column public.chat_images.bytes is 'Bytes of description and coordinates: pages are bounded by it.';

create index chat_images_chat_id_user_id_seq_idx on public.chat_images (chat_id, user_id, seq);
create index chat_images_chat_id_seq_idx on public.chat_images (chat_id, seq);
create index chat_images_message_id_chat_id_idx on public.chat_images (message_id, chat_id);
create index chat_images_document_id_chat_id_idx on public.chat_images (document_id, chat_id);
-- Reconcile compares keys as S3 lists them, byte by byte, whatever the database's collation.
create index chat_images_s3_path_bytes_idx on public.chat_images (s3_path text_pattern_ops);

-- Before what asks for the size of their text, in a trigger, a generated column or a check.
create trigger chat_images_bound_numbers
  before insert or update of coords_norm on public.chat_images
  for each row
  when (
    private.has_long_numbers(new.coords_norm)
  )
  execute function private.refuse_long_numbers('coords_norm');

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
grant update (description, image_type, message_id, document_id, page_number, coords_norm)
  on table public.chat_images to authenticated;
grant select, insert, update, delete on table public.chat_images to service_role;

-- Search results ----------------------------------------------------------------------------------

create table public.search_results (
  id uuid primary key default gen_random_uuid(),
  chat_id uuid not null,
  user_id uuid not null default auth.uid(),
  message_id uuid,
  document_id uuid,
  -- The trigger gives the value; the default only tells generated types that clients need not.
  seq bigint not null default 0,
  block_id varchar(255) not null,
  page_number integer not null,
  block_text text,
  score double precision,
  coords_norm jsonb,
  coords_px jsonb,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  bytes integer not null generated always as (
    coalesce(octet_length(block_text), 0) + octet_length(metadata::text)
    + coalesce(octet_length(coords_norm::text), 0) + coalesce(octet_length(coords_px::text), 0)
    + octet_length(block_id)
  ) stored,
  constraint search_results_chat_fkey foreign key (chat_id, user_id)
    references public.chats (id, user_id) on delete cascade,
  constraint search_results_message_fkey foreign key (message_id, chat_id)
    references public.chat_messages (id, chat_id) on delete cascade,
  constraint search_results_document_fkey foreign key (document_id, chat_id)
    references public.chat_documents (id, chat_id) on delete set null (document_id),
  constraint search_results_created_at_range check (private.is_readable_time(created_at)),
  constraint search_results_page_number_positive check (page_number >= 1),
  constraint search_results_block_text_size check (octet_length(block_text) <= 65536),
  constraint search_results_metadata_is_object check (jsonb_typeof(metadata) = 'object'),
  constraint search_results_metadata_size check (octet_length(metadata::text) <= 65536),
  constraint search_results_score_finite check (
    score > '-Infinity'::double precision and score < 'Infinity'::double precision
  ),
  constraint search_results_coords_norm_boxes check (private.are_boxes(coords_norm, 1)),
  constraint search_results_coords_px_boxes check (private.are_boxes(coords_px))
);

comment on table public.search_results is 'A hit in the document that an answer leans on.';
comment on column public.search_results.id is 'Chosen by the client (idempotent retries) or generated.';
comment on column public.search_results.chat_id is 'The chat that holds the hit.';
comment on column public.search_results.user_id is 'The chat''s owner; kept here so that one column decides access.';
comment on column public.search_results.message_id is 'The message that cites it, if any.';
comment on column public.search_results.document_id is 'The document in which it was found, if it is stored.';
comment on column public.search_results.seq is 'Order within the chat.';
comment on column public.search_results.block_id is 'The application''s name of the block in the document.';
comment on column public.search_results.page_number is 'Page of the document, from 1.';
comment on column public.search_results.block_text is 'Text of the block, at most 64 KiB.';
comment on column public.search_results.score is 'Relevance as the application measures it; finite.';
comment on column public.search_results.coords_norm is
  'Box [x0, y0, x1, y1] or a list of boxes, as fractions of the page (0 to 1).';
comment on column public.search_results.coords_px is
  'Box [x0, y0, x1, y1] or a list of boxes, in pixels of the rendered page.';
comment on column public.search_results.metadata is 'The application''s own JSON object, at most 64 KiB.';
comment on column public.search_results.created_at is 'When the hit was saved.';
comment on column public.search_results.bytes is
  'Bytes of block_id, block_text, metadata and coordinates: pages are bounded by it.';

create index search_results_chat_id_user_id_seq_idx on public.search_results (chat_id, user_id, seq);
create index search_results_chat_id_seq_idx on public.search_results (chat_id, seq);
create index search_results_message_id_chat_id_idx on public.search_results (message_id, chat_id);
create index search_results_document_id_chat_id_idx
  on public.search_results (document_id, chat_id);

-- Before what asks for the size of their text, in a trigger, a generated column or a check.
create trigger search_results_bound_numbers
  before insert or update of coords_norm, coords_px, metadata on public.search_results
  for each row
  when (
    private.has_long_numbers(new.coords_norm)
    or private.has_long_numbers(new.coords_px)
    or private.has_long_numbers(new.metadata)
  )
  execute function private.refuse_long_numbers('coords_norm', 'coords_px', 'metadata');

create trigger search_results_give_seq
  before insert on public.search_results
  for each row execute function private.give_seq();

create trigger search_results_refuse_change
  before update of id, chat_id, user_id, seq on public.search_results
  for each row
  when (
    (old.id, old.chat_id, old.user_id, old.seq)
    is distinct from (new.id, new.chat_id, new.user_id, new.seq)
  )
  execute function private.refuse_change();

alter table public.search_results enable row level security;

create policy "Users can read their own search results" on public.search_results
  for select to authenticated using ((select auth.uid()) = user_id);
create policy "Users can add search results to their own chats" on public.search_results
  for insert to authenticated with check ((select auth.uid()) = user_id);
create policy "Users can delete their own search results" on public.search_results
  for delete to authenticated using ((select auth.uid()) = user_id);

revoke all on table public.search_results from public, anon, authenticated, service_role;
grant select, delete on table public.search_results to authenticated;
grant insert (id, chat_id, message_id, document_id, block_id, page_number, block_text, score,
              coords_norm, coords_px, metadata, created_at)
  on table public.search_results to authenticated;
grant select, insert, update, delete on table public.search_results to service_role;
