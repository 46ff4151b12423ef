-- What the cleanup worker, health and operators ask of the database. For service_role only.

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

-- Each step of a run is a call, and so a transaction, of its own: one that fails takes no other back. And
-- each ends after about budget_seconds, whatever waits: a statement that the platform stops after 8 s has
-- done nothing, and would choose the same rows again each minute.
create function public.start_cleanup() returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  update private.cleanup_heartbeat set last_run_at = now() where singleton;
$$;
comment on function public.start_cleanup() is 'Begins a run of the worker: its heartbeat.';
revoke all on function public.start_cleanup() from public, anon, authenticated, service_role;
grant execute on function public.start_cleanup() to service_role;

create function public.expire_uploads(
  batch integer default 1000,
  budget_seconds double precision default 1
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  deadline constant timestamptz := clock_timestamp() + make_interval(secs => budget_seconds);
  changed integer;
  expired integer := 0;
begin
  loop
    with due as (
      select u.id from public.uploads u
      where u.status = 'reserved' and u.closes_at <= now()
      order by u.closes_at
      limit batch
      for update skip locked
    )
    update public.uploads u set status = 'expired' from due where u.id = due.id;
    get diagnostics changed = row_count;
    expired := expired + changed;
    exit when changed < batch or clock_timestamp() > deadline;
  end loop;
  return expired;
end
$$;
comment on function public.expire_uploads(integer, double precision) is
  'Part of each run of the worker, before it claims anything, since an incoming key is protected as long as '
  'its reservation is open: expires reservations that have closed. Returns how many.';
revoke all on function public.expire_uploads(integer, double precision)
  from public, anon, authenticated, service_role;
grant execute on function public.expire_uploads(integer, double precision) to service_role;

create function public.purge_receipts(
  batch integer default 1000,
  budget_seconds double precision default 1
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  deadline constant timestamptz := clock_timestamp() + make_interval(secs => budget_seconds);
  removed integer;
  purged integer := 0;
begin
  loop
    with old as (
      select d.id from public.storage_deletions d
      where d.done_at < now() - interval '30 days'
      limit batch
      for update skip locked
    )
    delete from public.storage_deletions d using old where d.id = old.id;
    get diagnostics removed = row_count;
    purged := purged + removed;
    exit when removed < batch or clock_timestamp() > deadline;
  end loop;
  return purged;
end
$$;
comment on function public.purge_receipts(integer, double precision) is
  'Part of each run of the worker: removes receipts that were done 30 days ago. Returns how many.';
revoke all on function public.purge_receipts(integer, double precision)
  from public, anon, authenticated, service_role;
grant execute on function public.purge_receipts(integer, double precision) to service_role;

-- A message that ends is indexed for search, which takes up to 5 ms: hence the small batches.
create function public.end_silent_messages(
  streaming_timeout_seconds integer,
  batch integer default 50,
  budget_seconds double precision default 1
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  deadline constant timestamptz := clock_timestamp() + make_interval(secs => budget_seconds);
  changed integer;
  ended integer := 0;
begin
  loop
    with vanished as (
      select m.id from public.chat_messages m
      where m.status = 'streaming'
        and m.updated_at < now() - make_interval(secs => streaming_timeout_seconds)
      order by m.updated_at
      limit batch
      for update skip locked
    )
    update public.chat_messages m set status = 'incomplete' from vanished where m.id = vanished.id;
    get diagnostics changed = row_count;
    ended := ended + changed;
    exit when changed < batch or clock_timestamp() > deadline;
  end loop;
  return ended;
end
$$;
comment on function public.end_silent_messages(integer, integer, double precision) is
  'Part of each run of the worker: messages that have been streaming for longer than the timeout without '
  'a change become incomplete. Returns how many; 0: none is left.';
revoke all on function public.end_silent_messages(integer, integer, double precision)
  from public, anon, authenticated, service_role;
grant execute on function public.end_silent_messages(integer, integer, double precision)
  to service_role;

-- For turns: a user's entries in the order in which they are due.
create index storage_deletions_turn_idx on public.storage_deletions (user_id, not_before, id)
  where done_at is null and dead_at is null;

-- Two ways of claiming, each with the condition that its index serves.
create function public.claim_storage_deletions(
  max_entries integer,
  lease_seconds integer,
  only_chats uuid[] default null
)
returns setof public.storage_deletions
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  due uuid[];
begin
  if only_chats is null then
    -- In turn by user: the first entry of each, then the second of each. So that whoever has few does not
    -- wait for whoever has many. From one user to the next by the index, whatever each of them has.
    with recursive owners (id) as (
      (
        select d.user_id from public.storage_deletions d
        where d.done_at is null and d.dead_at is null
        order by d.user_id limit 1
      )
      union all
      select (
        select d.user_id from public.storage_deletions d
        where d.done_at is null and d.dead_at is null and d.user_id > o.id
        order by d.user_id limit 1
      )
      from owners o
      where o.id is not null
    ),
    waiting as materialized (
      select o.id from owners o
      where exists (
        select from public.storage_deletions d
        where d.user_id = o.id and d.done_at is null and d.dead_at is null
          and d.not_before <= now() and (d.locked_until is null or d.locked_until < now())
      )
    ),
    -- What another worker has just locked is skipped, so that several share the work.
    locked as materialized (
      select w.id as owner, e.id, e.not_before
      from waiting w
      cross join lateral (
        select d.id, d.not_before from public.storage_deletions d
        where d.user_id = w.id and d.done_at is null and d.dead_at is null
          and d.not_before <= now() and (d.locked_until is null or d.locked_until < now())
        order by d.not_before, d.id
        -- Of many users, none has much more than its share. What that leaves over, the next claim takes.
        limit least(max_entries, 1 + 10 * max_entries / (select count(*) from waiting))
        for update skip locked
      ) e
    ),
    turns as (
      select l.id, l.not_before,
             row_number() over (partition by l.owner order by l.not_before, l.id) as turn
      from locked l
    ),
    chosen as (
      select t.id, t.turn, t.not_before from turns t
      order by t.turn, t.not_before, t.id
      limit max_entries
    )
    select array_agg(c.id order by c.turn, c.not_before, c.id) into due from chosen c;
  else
    -- An owner who deletes a chat does not wait for a back-off.
    due := array(
      select d.id from public.storage_deletions d
      where d.chat_id = any (only_chats) and d.done_at is null and d.dead_at is null
        and (d.locked_until is null or d.locked_until < now())
      order by d.not_before, d.id
      limit max_entries
      for update skip locked
    );
  end if;
  return query
    with claimed as (
      update public.storage_deletions d
      set locked_until = clock_timestamp() + make_interval(secs => lease_seconds)
      where d.id = any (due)
      returning d.*
    )
    select c.* from claimed c order by array_position(due, c.id);
end
$$;
comment on function public.claim_storage_deletions(integer, integer, uuid[]) is
  'Leases due entries to one worker, in turn by user and in that order. An entry whose lease ran out can be '
  'claimed again.';
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
  select d.s3_path, false from public.chat_documents d where d.s3_path = any (keys)
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
--
-- An attempt counts when the bucket has answered, not when a worker took the entry and was killed. And it
-- counts when it was due: an owner who asks again and again must not use up the worker's attempts, nor
-- move its next one.
create function public.settle_storage_deletions(results jsonb, lease_seconds integer)
returns table (id uuid, locked_until timestamptz, done boolean, dead boolean)
language sql
volatile
security invoker
set search_path = ''
as $$
  update public.storage_deletions d
  set objects_deleted = d.objects_deleted + r.objects_deleted,
      done_at = case when r.outcome = 'done' and d.sweeps_left = 1 then now() end,
      sweeps_left = case when r.outcome = 'done' then greatest(d.sweeps_left - 1, 1)
                         else d.sweeps_left end,
      attempts = d.attempts
        + (r.outcome = 'done' or r.outcome = 'failed' and d.not_before <= now())::integer,
      dead_at = case when r.outcome = 'failed' and d.attempts >= 19 and d.not_before <= now()
                     then now() end,
      last_error = case when r.outcome = 'failed' then left(r.error, 60) end,
      locked_until = case when r.outcome = 'progress'
                          then clock_timestamp() + make_interval(secs => lease_seconds) end,
      -- 5 s, 10 s, 20 s … up to 6 h, each with half of it as jitter.
      not_before = case when r.outcome = 'failed' and d.not_before <= now()
        then now() + least(interval '6 hours', interval '5 seconds' * 2 ^ least(d.attempts, 13))
                     * (0.75 + random() / 2)
        when r.outcome = 'postponed' then now() + interval '10 minutes'
        -- For the next run, after what has waited longer.
        when r.outcome = 'unfinished' then greatest(d.not_before, now() + interval '30 seconds')
        when r.outcome = 'done' and d.sweeps_left > 1 then now() + interval '1 day'
        else d.not_before end
  from jsonb_to_recordset(results) as r (
    id uuid, locked_until timestamptz, outcome text, objects_deleted integer, error text
  )
  where d.id = r.id and d.locked_until = r.locked_until and d.done_at is null
  returning d.id, d.locked_until, d.done_at is not null, d.dead_at is not null;
$$;
comment on function public.settle_storage_deletions(jsonb, integer) is
  'Records what became of claimed entries: [{id, locked_until, outcome: done | failed | progress | '
  'released | postponed | unfinished, objects_deleted, error}]. An entry whose lease went to another worker is left alone.';
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
    (select count(*) from (
      select from public.storage_deletions d
      where d.done_at is null and d.dead_at is null and d.not_before <= now() limit 10001
    ) due),
    (select count(*) from (
      select from public.storage_deletions d where d.dead_at is not null limit 10001
    ) dead),
    (select extract(epoch from now() - min(d.not_before))::double precision
      from public.storage_deletions d
      where d.done_at is null and d.dead_at is null and d.not_before <= now()),
    (select extract(epoch from now() - h.last_run_at)::double precision
      from private.cleanup_heartbeat h);
$$;
comment on function public.cleanup_state() is
  'State of the outbox for health: entries due now, dead ones (10,001 of either: more than 10,000, so that '
  'a full outbox costs no time), age of the oldest due entry and time since a worker last ran, in seconds '
  '(null: none, never).';
revoke all on function public.cleanup_state() from public, anon, authenticated, service_role;
grant execute on function public.cleanup_state() to service_role;

-- Reconcile and dead letters ----------------------------------------------------------------------

create function public.unnamed_objects(listed jsonb, grace_seconds integer)
returns table (key text, ours boolean)
language sql
stable
security invoker
set search_path = ''
as $$
  with parts as (
    select l.key, l.modified, regexp_match(
      l.key,
      '^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'
      '/(?:images|documents|incoming)/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9]+(?:\.[a-z0-9]+)?$'
    ) as ids
    from jsonb_to_recordset(listed) as l (key text, modified timestamptz)
  ),
  known as (
    select p.key, p.modified, p.ids[1] as user_id, p.ids[2] as chat_id,
      exists (
        select from public.chats c where c.id = p.ids[2]::uuid and c.user_id = p.ids[1]::uuid
      ) or exists (
        select from private.chat_tombstones t
        where t.user_id = p.ids[1]::uuid and t.chat_id = p.ids[2]::uuid
      ) or exists (
        select from private.user_tombstones t where t.user_id = p.ids[1]::uuid
      ) as ours
    from parts p
  )
  select k.key, false from known k where not k.ours
  union all
  select k.key, true
  from known k
  where k.ours and k.modified < now() - make_interval(secs => grace_seconds)
    and not exists (
      select from public.live_object_keys(array(select n.key from known n)) v where v.key = k.key
    )
    -- What waits for its deletion is no orphan.
    and not exists (
      select from public.storage_deletions d where d.target = k.key and d.done_at is null
    )
    and not exists (
      select from public.storage_deletions d
      where d.target = k.user_id || '/' || k.chat_id || '/' and d.done_at is null
    );
$$;
comment on function public.unnamed_objects(jsonb, integer) is
  'Of listed objects [{key, modified}], those that are not of a user and chat that this database '
  'knows or knew (ours: false), and those of ours older than grace_seconds that no row, reservation or '
  'outbox entry names.';
revoke all on function public.unnamed_objects(jsonb, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.unnamed_objects(jsonb, integer) to service_role;

create function public.enqueue_orphans(listed jsonb, grace_seconds integer) returns integer
language sql
volatile
security invoker
set search_path = ''
as $$
  with added as (
    insert into public.storage_deletions (user_id, target, reason)
    select split_part(o.key, '/', 1)::uuid, o.key, 'orphan'
    from public.unnamed_objects(listed, grace_seconds) o
    where o.ours
    returning 1
  )
  select count(*)::integer from added;
$$;
comment on function public.enqueue_orphans(jsonb, integer) is
  'Enqueues those of the listed objects [{key, modified}] that are still orphans: how many.';
revoke all on function public.enqueue_orphans(jsonb, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.enqueue_orphans(jsonb, integer) to service_role;

create function public.rows_without_objects(
  after_key text,
  through_key text,
  listed text[],
  grace_seconds integer,
  max_rows integer default 5000
)
returns table (missing integer, keys text[], next_key text)
language sql
stable
security invoker
set search_path = ''
as $$
  with candidates as (
    (
      select i.s3_path::text as key,
             i.uploaded_at < now() - make_interval(secs => grace_seconds) as settled
      from public.chat_images i
      where i.s3_path operator(pg_catalog.~>~) after_key
        and (through_key is null or i.s3_path operator(pg_catalog.~<=~) through_key)
      order by i.s3_path using operator(pg_catalog.~<~)
      limit max_rows
    )
    union all
    (
      select d.s3_path, d.uploaded_at < now() - make_interval(secs => grace_seconds)
      from public.chat_documents d
      where d.s3_path operator(pg_catalog.~>~) after_key
        and (through_key is null or d.s3_path operator(pg_catalog.~<=~) through_key)
      order by d.s3_path using operator(pg_catalog.~<~)
      limit max_rows
    )
  ),
  page as (
    select p.key, p.settled from candidates p
    order by p.key using operator(pg_catalog.~<~)
    limit max_rows
  ),
  absent as (
    select p.key from page p
    where p.settled and not exists (select from unnest(listed) l (key) where l.key = p.key)
  )
  select
    (select count(*)::integer from absent),
    array(select a.key from absent a order by a.key using operator(pg_catalog.~<~) limit 100),
    -- Only where the page is full is there anything after it.
    case when (select count(*) from page) = max_rows
      then (select p.key from page p order by p.key using operator(pg_catalog.~>~) limit 1) end;
$$;
comment on function public.rows_without_objects(text, text, text[], integer, integer) is
  'Rows that name keys after after_key, up to through_key (null: all), that are not among the listed '
  'ones, and that are older than grace_seconds: how many, the first 100, and where to go on.';
revoke all on function public.rows_without_objects(text, text, text[], integer, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.rows_without_objects(text, text, text[], integer, integer)
  to service_role;

create function public.requeue_storage_deletions(max_entries integer default 10000)
returns integer
language sql
volatile
security invoker
set search_path = ''
as $$
  with dead as (
    select d.id from public.storage_deletions d
    where d.dead_at is not null and d.done_at is null
    order by d.dead_at
    limit max_entries
    for update skip locked
  ),
  revived as (
    update public.storage_deletions d
    set dead_at = null, attempts = 0, not_before = now(), locked_until = null
    from dead
    where d.id = dead.id
    returning 1
  )
  select count(*)::integer from revived;
$$;
comment on function public.requeue_storage_deletions(integer) is
  'Gives dead letters another try, from the first attempt on: how many.';
revoke all on function public.requeue_storage_deletions(integer)
  from public, anon, authenticated, service_role;
grant execute on function public.requeue_storage_deletions(integer) to service_role;
