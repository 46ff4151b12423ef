-- Takes back 20261122100100_late_copies.
create or replace function public.deletion_status(chat_ids uuid[])
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
      select max(s.not_before) from public.storage_deletions s
      where s.chat_id is null and s.done_at is null
        and s.target like d.user_id::text || '/' || d.chat_id::text || '/%'
    )
  from public.storage_deletions d
  where d.chat_id = any (chat_ids)
  group by d.chat_id, d.user_id
  having bool_or(d.reason = 'chat_deleted');
$$;
comment on function public.deletion_status(uuid[]) is
  'Receipts of the caller''s deleted chats: objects removed, entries still open (0: all gone), and '
  'until when a URL given out earlier could bring bytes that will be swept.';

create or replace function private.enqueue_unconfirmed() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.storage_deletions (user_id, target, reason, not_before)
  select g.user_id, g.s3_path, 'upload_unconfirmed',
         greatest(g.expires_at, now()) + interval '1 hour'
  from gone g
  where g.status = 'reserved';
  return null;
end
$$;
comment on function private.enqueue_unconfirmed() is
  'Trigger: a reservation that is deleted enqueues the final key that a confirm may have copied to.';

create or replace function private.enqueue_document() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.storage_deletions (chat_id, user_id, target, reason)
  values (old.id, old.user_id, old.document_path, 'document_replaced');
  return null;
end
$$;
comment on function private.enqueue_document() is
  'Trigger: a document that is replaced or unset enqueues its object.';

create or replace function private.enqueue_images() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.storage_deletions (chat_id, user_id, target, reason)
  select g.chat_id, g.user_id, g.s3_path, 'image_deleted'
  from gone g
  where exists (select 1 from public.chats c where c.id = g.chat_id);
  return null;
end
$$;
comment on function private.enqueue_images() is
  'Trigger: deleted images enqueue their objects, unless their chat''s prefix covers them.';

update public.storage_deletions set reason = 'upload_unconfirmed' where reason = 'copy_swept';
alter table public.storage_deletions
  drop constraint storage_deletions_reason_known,
  add constraint storage_deletions_reason_known check (
    reason in ('chat_deleted', 'image_deleted', 'document_replaced', 'upload_swept',
               'upload_unconfirmed', 'orphan')
  );
