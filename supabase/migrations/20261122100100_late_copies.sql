-- Two confirms of one upload may run side by side. The slower one can still copy to the final key
-- after the faster one has confirmed, its image was deleted, and the worker has removed the object.
-- A confirm begins while the reservation is open, at most an hour after its URL has died, and no
-- function lives longer than some minutes: what goes within two hours after the URL's end is looked
-- at once more an hour later.

alter table public.storage_deletions
  drop constraint storage_deletions_reason_known,
  add constraint storage_deletions_reason_known check (
    reason in ('chat_deleted', 'image_deleted', 'document_replaced', 'upload_swept',
               'upload_unconfirmed', 'copy_swept', 'orphan')
  );

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

  insert into public.storage_deletions (user_id, target, reason, not_before)
  select g.user_id, g.s3_path, 'copy_swept', now() + interval '1 hour'
  from gone g
  join public.uploads u on u.id = g.id and u.s3_path = g.s3_path
  join public.chats c on c.id = g.chat_id
  where u.expires_at + interval '2 hours' > now();
  return null;
end
$$;
comment on function private.enqueue_images() is
  'Trigger: deleted images enqueue their objects, unless their chat''s prefix covers them, and once '
  'more for later where a confirm may still be copying.';

create or replace function private.enqueue_document() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.storage_deletions (chat_id, user_id, target, reason)
  values (old.id, old.user_id, old.document_path, 'document_replaced');

  insert into public.storage_deletions (user_id, target, reason, not_before)
  select old.user_id, old.document_path, 'copy_swept', now() + interval '1 hour'
  from public.uploads u
  where u.s3_path = old.document_path and u.expires_at + interval '2 hours' > now();
  return null;
end
$$;
comment on function private.enqueue_document() is
  'Trigger: a document that is replaced or unset enqueues its object, and once more for later where '
  'a confirm may still be copying.';

create or replace function private.enqueue_unconfirmed() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.storage_deletions (user_id, target, reason, not_before)
  select g.user_id, g.s3_path,
         case g.status when 'reserved' then 'upload_unconfirmed' else 'copy_swept' end,
         greatest(case g.status when 'reserved' then g.expires_at end, now()) + interval '1 hour'
  from gone g
  where g.status = 'reserved'
     or (g.status = 'confirmed' and g.expires_at + interval '2 hours' > now());
  return null;
end
$$;
comment on function private.enqueue_unconfirmed() is
  'Trigger: a reservation that is deleted enqueues the final key that a confirm may still copy to.';

-- The same answer as before. The bounds are what the index on target can look up; a pattern that is
-- made of columns it can't.
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
        and s.target operator(pg_catalog.~>=~) (d.user_id::text || '/' || d.chat_id::text || '/')
        and s.target operator(pg_catalog.~<~) (d.user_id::text || '/' || d.chat_id::text || '0')
    )
  from public.storage_deletions d
  where d.chat_id = any (chat_ids)
  group by d.chat_id, d.user_id
  having bool_or(d.reason = 'chat_deleted');
$$;
