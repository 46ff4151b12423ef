-- What the cleanup worker and health ask of the database. For service_role only.

create table private.cleanup_heartbeat (
  singleton boolean primary key default true,
  last_run_at timestamptz,
  constraint cleanup_heartbeat_one_row check (singleton)
);
comment on table private.cleanup_heartbeat is 'When a cleanup worker last ran. One row.';
comment on column private.cleanup_heartbeat.singleton is 'Always true.';
comment on column private.cleanup_heartbeat.last_run_at is 'Start of the last run.';
insert into private.cleanup_heartbeat default values;
alter table private.cleanup_heartbeat enable row level security;
revoke all on table private.cleanup_heartbeat from public;
grant select, update on table private.cleanup_heartbeat to service_role;
-- service_role bypasses RLS; the policy says so to readers and linters.
create policy "The worker keeps its heartbeat" on private.cleanup_heartbeat
  for all to service_role using (true) with check (true);

-- Reservations are expired, and old receipts purged, before anything is claimed: an incoming key is
-- protected as long as its reservation is open.
create function public.start_cleanup(batch integer default 10000)
returns table (expired_uploads integer, purged integer)
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update private.cleanup_heartbeat set last_run_at = now() where singleton;

  with due as (
    select u.id from public.uploads u
    where u.status = 'reserved' and u.expires_at + interval '1 hour' <= now()
    order by u.expires_at
    limit batch
    for update skip locked
  )
  update public.uploads u set status = 'expired' from due where u.id = due.id;
  get diagnostics expired_uploads = row_count;

  with old as (
    select d.id from public.storage_deletions d
    where d.done_at < now() - interval '30 days'
    limit batch
    for update skip locked
  )
  delete from public.storage_deletions d using old where d.id = old.id;
  get diagnostics purged = row_count;

  return next;
end
$$;
comment on function public.start_cleanup(integer) is
  'Begins a run of the worker: heartbeat, expiry of reservations whose URL died an hour ago, purge '
  'of receipts that were done 30 days ago.';
revoke all on function public.start_cleanup(integer) from public, anon, authenticated, service_role;
grant execute on function public.start_cleanup(integer) to service_role;

create function public.claim_storage_deletions(
  max_entries integer,
  lease_seconds integer,
  only_chats uuid[] default null
)
returns setof public.storage_deletions
language sql
volatile
security invoker
set search_path = ''
as $$
  with due as (
    select d.id from public.storage_deletions d
    where d.done_at is null and d.dead_at is null
      and (d.locked_until is null or d.locked_until < now())
      -- An owner who deletes a chat does not wait for a back-off.
      and case when only_chats is null then d.not_before <= now()
               else d.chat_id = any (only_chats) end
    order by d.not_before, d.id
    limit max_entries
    for update skip locked
  )
  update public.storage_deletions d
  set locked_until = clock_timestamp() + make_interval(secs => lease_seconds),
      -- An owner who asks again and again must not use up the worker's attempts.
      attempts = d.attempts + (only_chats is null)::integer
  from due
  where d.id = due.id
  returning d.*;
$$;
comment on function public.claim_storage_deletions(integer, integer, uuid[]) is
  'Leases due entries to one worker. An entry whose lease ran out can be claimed again.';
revoke all on function public.claim_storage_deletions(integer, integer, uuid[])
  from public, anon, authenticated, service_role;
grant execute on function public.claim_storage_deletions(integer, integer, uuid[]) to service_role;

create function public.live_object_keys(keys text[])
returns table (key text, reserved boolean)
language sql
stable
security invoker
set search_path = ''
as $$
  select i.s3_path, false from public.chat_images i where i.s3_path = any (keys)
  union all
  select c.document_path, false from public.chats c where c.document_path = any (keys)
  union all
  select u.s3_path, true from public.uploads u
    where u.s3_path = any (keys) and u.status = 'reserved'
  union all
  select u.incoming_path, true from public.uploads u
    where u.incoming_path = any (keys) and u.status = 'reserved';
$$;
comment on function public.live_object_keys(text[]) is
  'Those of the given keys that a live row or an open reservation names: never delete them. A '
  'reserved key has to be asked about again, because its reservation will end.';
revoke all on function public.live_object_keys(text[]) from public, anon, authenticated, service_role;
grant execute on function public.live_object_keys(text[]) to service_role;

-- The lease is the token: whoever was paused past it, and lost the entry to another worker, settles
-- nothing.
create function public.settle_storage_deletions(results jsonb, lease_seconds integer)
returns table (id uuid, locked_until timestamptz, done boolean, dead boolean)
language sql
volatile
security invoker
set search_path = ''
as $$
  update public.storage_deletions d
  set objects_deleted = d.objects_deleted + r.objects_deleted,
      done_at = case when r.outcome = 'done' then now() end,
      dead_at = case when r.outcome = 'failed' and d.attempts >= 20 then now() end,
      last_error = case when r.outcome = 'failed' then left(r.error, 60) end,
      attempts = case when r.outcome in ('released', 'postponed')
                      then greatest(d.attempts - 1, 0) else d.attempts end,
      locked_until = case when r.outcome = 'progress'
                          then clock_timestamp() + make_interval(secs => lease_seconds) end,
      -- 5 s, 10 s, 20 s … up to 6 h, each with half of it as jitter.
      not_before = case when r.outcome = 'failed'
        then now() + least(interval '6 hours',
                           interval '5 seconds' * 2 ^ least(greatest(d.attempts - 1, 0), 13))
                     * (0.75 + random() / 2)
        when r.outcome = 'postponed' then now() + interval '10 minutes'
        else d.not_before end
  from jsonb_to_recordset(results) as r (
    id uuid, locked_until timestamptz, outcome text, objects_deleted integer, error text
  )
  where d.id = r.id and d.locked_until = r.locked_until and d.done_at is null
  returning d.id, d.locked_until, d.done_at is not null, d.dead_at is not null;
$$;
comment on function public.settle_storage_deletions(jsonb, integer) is
  'Records what became of claimed entries: [{id, locked_until, outcome: done | failed | progress | '
  'released | postponed, objects_deleted, error}]. An entry whose lease went to another worker is left alone.';
revoke all on function public.settle_storage_deletions(jsonb, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.settle_storage_deletions(jsonb, integer) to service_role;

create function public.cleanup_state()
returns table (
  pending bigint, dead bigint, oldest_seconds double precision, seconds_since_run double precision
)
language sql
stable
security invoker
set search_path = ''
as $$
  select
    (select count(*) from public.storage_deletions d
      where d.done_at is null and d.dead_at is null and d.not_before <= now()),
    (select count(*) from public.storage_deletions d where d.dead_at is not null),
    (select extract(epoch from now() - min(d.not_before))::double precision
      from public.storage_deletions d
      where d.done_at is null and d.dead_at is null and d.not_before <= now()),
    (select extract(epoch from now() - h.last_run_at)::double precision
      from private.cleanup_heartbeat h);
$$;
comment on function public.cleanup_state() is
  'State of the outbox for health: entries due now, dead ones, age of the oldest due entry and time '
  'since a worker last ran, in seconds (null: none, never).';
revoke all on function public.cleanup_state() from public, anon, authenticated, service_role;
grant execute on function public.cleanup_state() to service_role;

-- The owner's view of a deletion, under RLS.
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
revoke all on function public.deletion_status(uuid[]) from public, anon, authenticated, service_role;
grant execute on function public.deletion_status(uuid[]) to authenticated, service_role;
