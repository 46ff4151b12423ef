-- Chats: one conversation about one document, owned by one user.

create table public.chats (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  title varchar(255) not null,
  description text,
  document_path varchar(512),
  is_archived boolean not null default false,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Children reference (chat_id, user_id), so that a row can't claim another owner than its chat.
  constraint chats_id_user_id_key unique (id, user_id),
  -- Times that every client can read: no infinity, no BC, four digits of year.
  constraint chats_created_at_range check (
    created_at >= '0001-01-01 00:00:00+00' and created_at < '10000-01-01 00:00:00+00'
  ),
  constraint chats_title_not_blank check (title ~ '\S'),
  constraint chats_description_size check (octet_length(description) <= 1048576),
  constraint chats_metadata_is_object check (jsonb_typeof(metadata) = 'object'),
  constraint chats_metadata_size check (octet_length(metadata::text) <= 65536),
  constraint chats_document_path_is_own check (
    document_path ~ (
      '^' || user_id::text || '/' || id::text || '/documents/[A-Za-z0-9_-]+\.[a-z0-9]+$'
    )
  )
);

comment on table public.chats is 'A conversation about a document. Owner: user_id.';
comment on column public.chats.id is 'Chosen by the client (idempotent retries) or generated.';
comment on column public.chats.user_id is 'The owner, always the signed-in user that inserted the row.';
comment on column public.chats.title is 'Shown in lists; not blank.';
comment on column public.chats.description is 'Free text, at most 1 MiB.';
comment on column public.chats.document_path is
  'Object key of the document, <user_id>/<id>/documents/<upload id>.<ext>. Set by confirm-upload only.';
comment on column public.chats.is_archived is 'Hides the chat in lists. Changes no right.';
comment on column public.chats.metadata is 'The application''s own JSON object, at most 64 KiB.';
comment on column public.chats.created_at is 'When the chat began.';
comment on column public.chats.updated_at is 'Last change of the chat or last message added; set by triggers.';

-- The owner's list, newest first, paged by (created_at, id). Also indexes the foreign key.
create index chats_user_id_created_at_idx on public.chats (user_id, created_at desc, id desc);
-- The cleanup worker asks which keys live rows name.
create unique index chats_document_path_key on public.chats (document_path);

create trigger chats_set_updated_at
  before update on public.chats
  for each row execute function private.set_updated_at();

create trigger chats_refuse_change
  before update of id, user_id on public.chats
  for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.refuse_change();

alter table public.chats enable row level security;

create policy "Users can read their own chats" on public.chats
  for select to authenticated using ((select auth.uid()) = user_id);
create policy "Users can create their own chats" on public.chats
  for insert to authenticated with check ((select auth.uid()) = user_id);
create policy "Users can update their own chats" on public.chats
  for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy "Users can delete their own chats" on public.chats
  for delete to authenticated using ((select auth.uid()) = user_id);

revoke all on table public.chats from public, anon, authenticated, service_role;
grant select, delete on table public.chats to authenticated;
grant insert (id, title, description, is_archived, metadata, created_at)
  on table public.chats to authenticated;
grant update (title, description, is_archived, metadata)
  on table public.chats to authenticated;
grant select, insert, update, delete on table public.chats to service_role;
