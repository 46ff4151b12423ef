-- The outbox of object deletions.
--
-- Whatever removes a row that held an object key (a client, a cascade, the dashboard, the removal
-- of a user) leaves an entry here in the same transaction. The cleanup worker empties the outbox.
-- There are no foreign keys: an entry outlives its chat and its user.

create table public.storage_deletions (
  id uuid primary key default gen_random_uuid(),
  chat_id uuid,
  user_id uuid not null,
  target varchar(1024) not null,
  is_prefix boolean not null default false,
  reason varchar(30) not null,
  created_at timestamptz not null default now(),
  not_before timestamptz not null default now(),
  sweeps_left integer not null default 1,
  attempts integer not null default 0,
  locked_until timestamptz,
  last_error varchar(60),
  objects_deleted integer not null default 0,
  done_at timestamptz,
  dead_at timestamptz,
  -- A prefix is exactly one chat's; a key lies in one of its folders. coalesce, because a check
  -- that yields null would pass.
  constraint storage_deletions_target_is_own check (
    coalesce(
      case
        when is_prefix then target = user_id::text || '/' || chat_id::text || '/'
        else private.is_own_key(target, user_id, chat_id)
      end,
      false
    )
  ),
  constraint storage_deletions_reason_known check (
    reason in ('chat_deleted', 'image_deleted', 'document_deleted', 'upload_swept',
               'copy_unconfirmed', 'copy_given_up', 'orphan')
  ),
  constraint storage_deletions_sweeps_left_positive check (sweeps_left >= 1),
  constraint storage_deletions_attempts_counted check (attempts >= 0),
  constraint storage_deletions_objects_deleted_counted check (objects_deleted >= 0)
);

comment on table public.storage_deletions is
  'Outbox of objects to delete from the bucket. Its owner may read it: the receipt of a deletion.';
comment on column public.storage_deletions.id is 'Generated.';
comment on column public.storage_deletions.chat_id is
  'The chat whose deletion waits for it; null where no chat has to wait.';
comment on column public.storage_deletions.user_id is 'The owner of what is deleted.';
comment on column public.storage_deletions.target is 'An object key, or the prefix of one chat.';
comment on column public.storage_deletions.is_prefix is 'True: everything below target.';
comment on column public.storage_deletions.reason is 'What left the entry.';
comment on column public.storage_deletions.created_at is 'When the row went.';
comment on column public.storage_deletions.not_before is 'Not tried earlier: a signed URL''s end, or back-off.';
comment on column public.storage_deletions.sweeps_left is
  'How often the target is still to be emptied, each time a day after the last: bytes of a request that '
  'began in time may arrive after the first.';
comment on column public.storage_deletions.attempts is 'How often the bucket has answered for it.';
comment on column public.storage_deletions.locked_until is
  'Lease of the worker that holds it. Also the token that it settles with.';
comment on column public.storage_deletions.last_error is 'Code of the last failure. No host, no key.';
comment on column public.storage_deletions.objects_deleted is 'Objects that were removed for it.';
comment on column public.storage_deletions.done_at is 'When the last object was gone.';
comment on column public.storage_deletions.dead_at is
  'When the worker gave up. Kept until an operator requeues it.';

create index storage_deletions_due_idx on public.storage_deletions (not_before)
  where done_at is null and dead_at is null;
create index storage_deletions_dead_idx on public.storage_deletions (dead_at)
  where dead_at is not null;
create index storage_deletions_done_at_idx on public.storage_deletions (done_at)
  where done_at is not null;
create index storage_deletions_chat_id_idx on public.storage_deletions (chat_id);
create index storage_deletions_user_id_created_at_idx
  on public.storage_deletions (user_id, created_at desc);
create index storage_deletions_target_idx on public.storage_deletions (target text_pattern_ops);

alter table public.storage_deletions enable row level security;

create policy "Users can read the deletion of their own objects" on public.storage_deletions
  for select to authenticated using ((select auth.uid()) = user_id);

revoke all on table public.storage_deletions from public, anon, authenticated, service_role;
grant select on table public.storage_deletions to authenticated;
grant select, insert, update, delete on table public.storage_deletions to service_role;

-- What enqueues -----------------------------------------------------------------------------------

create function private.enqueue_chats() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.storage_deletions (chat_id, user_id, target, is_prefix, reason)
  select g.id, g.user_id, g.user_id::text || '/' || g.id::text || '/', true, 'chat_deleted'
  from gone g;
  return null;
end
$$;
comment on function private.enqueue_chats() is
  'Trigger: a deleted chat enqueues everything below its prefix.';
revoke all on function private.enqueue_chats() from public;

create trigger chats_enqueue
  after delete on public.chats
  referencing old table as gone
  for each statement execute function private.enqueue_chats();

-- Where the chat itself is gone its prefix is already enqueued, and ten thousand keys need not be.
create function private.enqueue_files() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.storage_deletions (chat_id, user_id, target, reason)
  select g.chat_id, g.user_id, g.s3_path, tg_argv[0]
  from gone g
  where exists (select 1 from public.chats c where c.id = g.chat_id);
  return null;
end
$$;
comment on function private.enqueue_files() is
  'Trigger: deleted images or documents enqueue their objects, unless their chat''s prefix covers '
  'them. Its argument is the reason.';
revoke all on function private.enqueue_files() from public;

create trigger chat_images_enqueue
  after delete on public.chat_images
  referencing old table as gone
  for each statement execute function private.enqueue_files('image_deleted');
create trigger chat_documents_enqueue
  after delete on public.chat_documents
  referencing old table as gone
  for each statement execute function private.enqueue_files('document_deleted');

-- Once the reservation is closed, because a PUT that began in time may still be running, and again a day
-- later. There is no link to the chat: a deleted chat's receipt does not wait for a URL that nobody may
-- use.
create function private.enqueue_incoming() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.storage_deletions (user_id, target, reason, not_before, sweeps_left)
  values (new.user_id, new.incoming_path, 'upload_swept', new.closes_at, 2);
  return null;
end
$$;
comment on function private.enqueue_incoming() is
  'Trigger: each reservation enqueues, at birth and when it is renewed, the key that its URL can write to.';
revoke all on function private.enqueue_incoming() from public;

create trigger uploads_enqueue_incoming
  after insert or update of incoming_number on public.uploads
  for each row
  when (not new.imported)
  execute function private.enqueue_incoming();

-- What protects -----------------------------------------------------------------------------------

-- After the insert, not before it: a delete of the same id that is still open makes the insert
-- wait on the primary key, and only a check that runs after that wait sees its outbox entry.
create function private.refuse_reuse_of_chat_id() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if exists (
    select 1 from public.storage_deletions d where d.chat_id = new.id and d.done_at is null
  ) then
    raise exception using
      errcode = 'unique_violation',
      message = 'objects of a deleted chat with this id are still being removed',
      hint = 'Use another id, or try again when its deletion is done.';
  end if;
  return null;
end
$$;
comment on function private.refuse_reuse_of_chat_id() is
  'Trigger: a chat id whose objects are still being deleted can''t be created again (23505).';
revoke all on function private.refuse_reuse_of_chat_id() from public;

create trigger chats_refuse_reuse_of_id
  after insert on public.chats
  for each row execute function private.refuse_reuse_of_chat_id();

-- An upload id that was used numbers its keys from one again, which the outbox may still delete.
create function private.refuse_reuse_of_upload_id() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if exists (
    select from unnest(array['images', 'documents', 'incoming']) as folder (name)
    cross join lateral (
      select new.user_id::text || '/' || new.chat_id::text || '/' || folder.name || '/'
        || new.id::text as stem
    ) own
    where exists (
      select from public.storage_deletions d
      -- The bounds of what begins with the stem and a hyphen.
      where d.target operator(pg_catalog.~>=~) (own.stem || '-')
        and d.target operator(pg_catalog.~<~) (own.stem || '.')
    )
  )
  -- A receipt is purged after a while, and a reservation may go before its image or document does.
  or exists (select from public.chat_images i where i.id = new.id)
  or exists (select from public.chat_documents d where d.id = new.id)
  then
    raise exception using
      errcode = 'unique_violation',
      message = 'this upload id was used before',
      hint = 'Object keys are never reused: choose a new id.';
  end if;
  return null;
end
$$;
comment on function private.refuse_reuse_of_upload_id() is
  'Trigger: an upload id whose keys the outbox knows can''t be reserved again (23505).';
revoke all on function private.refuse_reuse_of_upload_id() from public;

-- Its name comes before that of the trigger that enqueues the reservation's own key.
create trigger uploads_check_reuse_of_id
  after insert on public.uploads
  for each row execute function private.refuse_reuse_of_upload_id();

create trigger chats_refuse_truncate
  before truncate on public.chats
  for each statement execute function private.refuse_truncate();
create trigger chat_images_refuse_truncate
  before truncate on public.chat_images
  for each statement execute function private.refuse_truncate();
create trigger chat_documents_refuse_truncate
  before truncate on public.chat_documents
  for each statement execute function private.refuse_truncate();
create trigger uploads_refuse_truncate
  before truncate on public.uploads
  for each statement execute function private.refuse_truncate();
create trigger storage_deletions_refuse_truncate
  before truncate on public.storage_deletions
  for each statement execute function private.refuse_truncate();

-- The owner's receipts ----------------------------------------------------------------------------

-- Under RLS. The bounds are what the index on target can look up; a pattern that is made of columns it
-- can't.
create function public.deletion_status(chat_ids uuid[])
returns table (
  chat_id uuid,
  objects_deleted bigint,
  entries_pending bigint,
  final_sweep_at timestamptz
)
language sql
stable
security invoker
set search_path = ''
as $$
  select
    d.chat_id,
    sum(d.objects_deleted),
    count(*) filter (where d.done_at is null),
    (
      select max(s.not_before + (s.sweeps_left - 1) * interval '1 day')
      from public.storage_deletions s
      where s.chat_id is null and s.done_at is null
        and s.target operator(pg_catalog.~>=~) (d.user_id::text || '/' || d.chat_id::text || '/')
        and s.target operator(pg_catalog.~<~) (d.user_id::text || '/' || d.chat_id::text || '0')
    )
  from public.storage_deletions d
  where d.chat_id = any (chat_ids)
  group by d.chat_id, d.user_id
  having bool_or(d.reason = 'chat_deleted');
$$;
comment on function public.deletion_status(uuid[]) is
  'Receipts of the caller''s deleted chats: objects removed, entries still open (0: all gone), and '
  'until when a URL given out earlier could bring bytes that will be swept.';
revoke all on function public.deletion_status(uuid[]) from public, anon, authenticated, service_role;
grant execute on function public.deletion_status(uuid[]) to authenticated, service_role;

-- An access token outlives its user until it expires, so the former owner can still read this.
create function public.account_deletion_status()
returns table (chats bigint, entries_pending bigint, final_sweep_at timestamptz)
language sql
stable
security invoker
set search_path = ''
as $$
  select
    count(*) filter (where d.reason = 'chat_deleted'),
    count(*) filter (where d.done_at is null and d.chat_id is not null),
    max(d.not_before + (d.sweeps_left - 1) * interval '1 day')
      filter (where d.done_at is null and d.chat_id is null)
  from public.storage_deletions d
  where d.user_id = (select auth.uid());
$$;
comment on function public.account_deletion_status() is
  'Receipt of all of the caller''s deleted chats: how many, entries still open, and until when a URL '
  'given out earlier could bring bytes that will be swept.';
revoke all on function public.account_deletion_status()
  from public, anon, authenticated, service_role;
grant execute on function public.account_deletion_status() to authenticated, service_role;
