-- Chats and their messages: one conversation about one document, owned by one user, in an order that
-- readers can page by.

create table public.chats (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  title varchar(255) not null,
  description text,
  document_path varchar(512),
  is_archived boolean not null default false,
  metadata jsonb not null default '{}',
  external_id varchar(255),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Children reference (chat_id, user_id), so that a row can't claim another owner than its chat.
  constraint chats_id_user_id_key unique (id, user_id),
  constraint chats_external_id_key unique (user_id, external_id),
  constraint chats_created_at_range check (private.is_readable_time(created_at)),
  constraint chats_title_not_blank check (title ~ '\S'),
  constraint chats_description_size check (octet_length(description) <= 1048576),
  constraint chats_metadata_is_object check (jsonb_typeof(metadata) = 'object'),
  constraint chats_metadata_size check (octet_length(metadata::text) <= 65536),
  constraint chats_external_id_not_blank check (external_id <> ''),
  constraint chats_document_path_is_own check (
    private.is_own_key(document_path, user_id, id, 'documents')
  )
);

comment on table public.chats is 'A conversation about a document. Owner: user_id.';
comment on column public.chats.id is 'Chosen by the client (idempotent retries) or generated.';
comment on column public.chats.user_id is 'The owner, always the signed-in user that inserted the row.';
comment on column public.chats.title is 'Shown in lists; not blank.';
comment on column public.chats.description is 'Free text, at most 1 MiB.';
comment on column public.chats.document_path is
  'Object key of the chat''s first document. Kept by a trigger of chat_documents, which owns the keys.';
comment on column public.chats.is_archived is 'Hides the chat in lists. Changes no right.';
comment on column public.chats.metadata is 'The application''s own JSON object, at most 64 KiB.';
comment on column public.chats.external_id is
  'The id that a framework gave the chat, of any form. Unique for each user.';
comment on column public.chats.created_at is 'When the chat began.';
comment on column public.chats.updated_at is 'Last change of the chat or last message added; set by triggers.';

-- The owner's list, newest first, paged by (created_at, id). Also indexes the foreign key.
create index chats_user_id_created_at_idx on public.chats (user_id, created_at desc, id desc);
-- The same by last activity.
create index chats_user_id_updated_at_idx on public.chats (user_id, updated_at desc, id desc);

-- Before what asks for the size of their text, in a trigger, a generated column or a check.
create trigger chats_bound_numbers
  before insert or update of metadata on public.chats
  for each row
  when (
    private.has_long_numbers(new.metadata)
  )
  execute function private.refuse_long_numbers('metadata');

create trigger chats_set_updated_at
  before update on public.chats
  for each row execute function private.set_updated_at();

create trigger chats_refuse_change
  before update of id, user_id on public.chats
  for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.refuse_change();

alter table public.chats enable row level security;

-- Imports under way. An import takes many transactions; until its last one its owner does not see the
-- chat, and where that never comes the worker removes it. So a chat is there whole or not at all. Rows
-- of its messages are hidden by nothing but that nobody knows the chat: a second look in every policy
-- would cost every reader, to hide from an owner what is the owner's.
create table private.imports (
  chat_id uuid not null,
  user_id uuid not null,
  expires_at timestamptz not null,
  constraint imports_pkey primary key (chat_id, user_id),
  constraint imports_chat_fkey foreign key (chat_id, user_id)
    references public.chats (id, user_id) on delete cascade
);
comment on table private.imports is
  'Chats that import-chat is still filling. Their owners can''t see them yet.';
comment on column private.imports.chat_id is 'The chat.';
comment on column private.imports.user_id is 'Its owner.';
comment on column private.imports.expires_at is
  'Lease of the import: afterwards it counts as dead, and the worker removes the chat.';
create index imports_expires_at_idx on private.imports (expires_at);

alter table private.imports enable row level security;
create policy "Users' policies on chats can see their own imports" on private.imports
  for select to authenticated using ((select auth.uid()) = user_id);
-- service_role bypasses RLS; the policy says so to readers and linters.
create policy "The import and the worker keep the imports" on private.imports
  for all to service_role using (true) with check (true);
revoke all on table private.imports from public;
-- For the policy below, and for what messages may name.
grant select on table private.imports to authenticated;
grant select, insert, update, delete on table private.imports to service_role;

-- private.imports is nearly always empty, and is read once a statement.
create policy "Users can read their own chats" on public.chats
  for select to authenticated using (
    (select auth.uid()) = user_id
    and id <> all (array(select i.chat_id from private.imports i))
  );
create policy "Users can create their own chats" on public.chats
  for insert to authenticated with check ((select auth.uid()) = user_id);
create policy "Users can update their own chats" on public.chats
  for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy "Users can delete their own chats" on public.chats
  for delete to authenticated using ((select auth.uid()) = user_id);

revoke all on table public.chats from public, anon, authenticated, service_role;
grant select, delete on table public.chats to authenticated;
grant insert (id, title, description, is_archived, metadata, external_id, created_at)
  on table public.chats to authenticated;
grant update (title, description, is_archived, metadata)
  on table public.chats to authenticated;
grant select, insert, update, delete on table public.chats to service_role;

-- Messages ----------------------------------------------------------------------------------------

create table public.chat_messages (
  id uuid primary key default gen_random_uuid(),
  chat_id uuid not null,
  user_id uuid not null default auth.uid(),
  -- The trigger gives the value; the default only tells generated types that clients need not.
  seq bigint not null default 0,
  role varchar(20) not null,
  content text not null,
  message_type varchar(50) not null default 'text',
  parts jsonb,
  metadata jsonb not null default '{}',
  parent_id uuid,
  external_id varchar(255),
  status varchar(20) not null default 'complete',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  bytes integer not null generated always as (
    octet_length(content) + coalesce(octet_length(parts::text), 0) + octet_length(metadata::text)
    + coalesce(octet_length(external_id), 0)
  ) stored,
  constraint chat_messages_chat_fkey foreign key (chat_id, user_id)
    references public.chats (id, user_id) on delete cascade,
  -- Images and hits reference (message_id, chat_id): a message of another chat is out of reach.
  constraint chat_messages_id_chat_id_key unique (id, chat_id),
  constraint chat_messages_chat_id_seq_key unique (chat_id, seq),
  constraint chat_messages_external_id_key unique (chat_id, external_id),
  constraint chat_messages_parent_fkey foreign key (parent_id, chat_id)
    references public.chat_messages (id, chat_id) on delete set null (parent_id),
  constraint chat_messages_created_at_range check (private.is_readable_time(created_at)),
  constraint chat_messages_role_known check (role in ('user', 'assistant')),
  constraint chat_messages_content_size check (octet_length(content) <= 1048576),
  constraint chat_messages_parts_is_array check (jsonb_typeof(parts) = 'array'),
  constraint chat_messages_parts_size check (octet_length(parts::text) <= 1048576),
  constraint chat_messages_metadata_is_object check (jsonb_typeof(metadata) = 'object'),
  constraint chat_messages_metadata_size check (octet_length(metadata::text) <= 65536),
  constraint chat_messages_external_id_not_blank check (external_id <> ''),
  constraint chat_messages_status_known check (
    status in ('streaming', 'complete', 'incomplete', 'error')
  )
);

comment on table public.chat_messages is 'One message of a chat.';
comment on column public.chat_messages.id is 'Chosen by the client (idempotent retries) or generated.';
comment on column public.chat_messages.chat_id is 'The chat that holds the message.';
comment on column public.chat_messages.user_id is 'The chat''s owner; kept here so that one column decides access.';
comment on column public.chat_messages.seq is
  'Order within the chat, given under the chat''s lock. Page by it: no message is skipped or repeated.';
comment on column public.chat_messages.role is 'user or assistant.';
comment on column public.chat_messages.content is
  'What a person reads, as Markdown, at most 1 MiB. Search and exports use it.';
comment on column public.chat_messages.message_type is 'The application''s own kind, by default text.';
comment on column public.chat_messages.parts is
  'The whole message as a framework keeps it (text, reasoning, tool calls, files, sources), at most '
  '1 MiB. Files are named chat-archive:image/<id> and chat-archive:document/<id>.';
comment on column public.chat_messages.metadata is 'The application''s own JSON object, at most 64 KiB.';
comment on column public.chat_messages.parent_id is
  'The message that this one answers or follows, an earlier one of the chat: branches.';
comment on column public.chat_messages.external_id is
  'The id that a framework gave the message, of any form. Unique in its chat.';
comment on column public.chat_messages.status is
  'streaming while its writer adds to it; then complete, error, or incomplete where the writer vanished.';
comment on column public.chat_messages.created_at is 'When the message was written. A batch may share it.';
comment on column public.chat_messages.updated_at is 'Last change of the message; set by a trigger.';
comment on column public.chat_messages.bytes is 'Bytes of content, parts, metadata and external_id: pages are bounded by it.';

create index chat_messages_chat_id_created_at_idx on public.chat_messages (chat_id, created_at);
-- For the foreign key. With seq, since it is a candidate wherever rows of a chat are read in order under the
-- rules: without it PostgreSQL takes it for as good as (chat_id, seq) once that index is a level higher, from
-- about 7,000,000 rows on, and sorts the whole chat. The same in the tables of images, documents and results.
create index chat_messages_chat_id_user_id_seq_idx on public.chat_messages (chat_id, user_id, seq);
create index chat_messages_parent_id_chat_id_idx on public.chat_messages (parent_id, chat_id);
-- The cleanup worker looks for answers whose writer vanished.
create index chat_messages_streaming_idx on public.chat_messages (updated_at)
  where status = 'streaming';

-- `for no key update`, because plain `for update` deadlocks with the foreign key's key-share lock.
-- nextval comes after the lock: an identity default would be drawn before it, and a reader paging
-- by seq could then miss a number that commits late. The owner is part of the condition, so that a
-- forged user_id (refused by RLS only after this trigger) can't wait on another user's row.
create function private.give_seq() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform 1 from public.chats c
    where c.id = new.chat_id and c.user_id = new.user_id
    for no key update;
  new.seq := nextval('private.item_seq');
  return new;
end
$$;
comment on function private.give_seq() is
  'Trigger: gives seq under the chat''s row lock, so that order of seq is order of commit.';
revoke all on function private.give_seq() from public;

-- Before what asks for the size of their text, in a trigger, a generated column or a check.
create trigger chat_messages_bound_numbers
  before insert or update of parts, metadata on public.chat_messages
  for each row
  when (
    private.has_long_numbers(new.parts)
    or private.has_long_numbers(new.metadata)
  )
  execute function private.refuse_long_numbers('parts', 'metadata');

create trigger chat_messages_give_seq
  before insert on public.chat_messages
  for each row execute function private.give_seq();

-- Once a statement, whatever the size of the batch.
create function private.touch_chats() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.chats c set updated_at = now()
    where c.id in (select a.chat_id from added a);
  return null;
end
$$;
comment on function private.touch_chats() is
  'Trigger: bumps updated_at of the chats that got messages, once a statement.';
revoke all on function private.touch_chats() from public;

create trigger chat_messages_touch_chats
  after insert on public.chat_messages
  referencing new table as added
  for each statement execute function private.touch_chats();

create trigger chat_messages_set_updated_at
  before update on public.chat_messages
  for each row execute function private.set_updated_at();

-- A parent that is deleted leaves null; any other change could close a circle.
create trigger chat_messages_refuse_change
  before update of id, chat_id, user_id, seq, parent_id on public.chat_messages
  for each row
  when (
    (old.id, old.chat_id, old.user_id, old.seq)
    is distinct from (new.id, new.chat_id, new.user_id, new.seq)
    or (new.parent_id is not null and new.parent_id is distinct from old.parent_id)
  )
  execute function private.refuse_change();

alter table public.chat_messages enable row level security;

create policy "Users can read their own messages" on public.chat_messages
  for select to authenticated using ((select auth.uid()) = user_id);
create policy "Users can add messages to their own chats" on public.chat_messages
  for insert to authenticated with check ((select auth.uid()) = user_id);
create policy "Users can update their own messages" on public.chat_messages
  for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy "Users can delete their own messages" on public.chat_messages
  for delete to authenticated using ((select auth.uid()) = user_id);

revoke all on table public.chat_messages from public, anon, authenticated, service_role;
grant select, delete on table public.chat_messages to authenticated;
grant insert (id, chat_id, role, content, message_type, parts, metadata, parent_id, external_id,
              status, created_at)
  on table public.chat_messages to authenticated;
-- An assistant's answer is streamed into its row.
grant update (content, message_type, parts, metadata, status)
  on table public.chat_messages to authenticated;
grant select, insert, update, delete on table public.chat_messages to service_role;
