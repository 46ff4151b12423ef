-- Database and bucket know each other, so that a restored or copied database destroys nothing.
--
-- An object in the bucket, the marker, says which database uses it, and how many runs of its worker have
-- counted. A run counts before it deletes, and where files have come or gone since the last one that
-- did. The number is raised here first, in a transaction of its own, and then written to the bucket: a
-- bucket that is ahead of its database was used by a later one. The worker reads the marker, then asks
-- here, before it deletes. Other functions rely on the worker's check, as long as it is fresh and was
-- written by this very server.

create table private.bucket_counter (
  singleton boolean primary key default true,
  runs bigint not null default 0,
  raised_at timestamptz not null default now(),
  last_item bigint not null default 0,
  constraint bucket_counter_one_row check (singleton),
  constraint bucket_counter_counted check (runs >= 0)
);
comment on table private.bucket_counter is 'How many runs of the worker have counted. One row.';
comment on column private.bucket_counter.singleton is 'Always true.';
comment on column private.bucket_counter.runs is
  'Raised before a run deletes, or where files have come or gone, and then written to the bucket.';
comment on column private.bucket_counter.raised_at is 'When it was last raised.';
comment on column private.bucket_counter.last_item is
  'The last number that private.item_seq had given by then.';
insert into private.bucket_counter default values;

create table private.bucket_checks (
  bucket varchar(1024) not null,
  project varchar(1024) not null,
  verdict varchar(20) not null,
  checked_at timestamptz not null default now(),
  written_by xid8 not null default pg_current_xact_id(),
  database_id text not null,
  server_started_at timestamptz not null default pg_postmaster_start_time(),
  primary key (bucket, project),
  constraint bucket_checks_verdict_known check (
    verdict in ('same', 'new', 'no_marker', 'other_identity', 'bucket_ahead')
  )
);
comment on table private.bucket_checks is
  'What the worker last found out about each bucket that it was given.';
comment on column private.bucket_checks.bucket is 'The bucket''s address.';
comment on column private.bucket_checks.project is
  'The project''s address; empty where it is on loopback, which says nothing.';
comment on column private.bucket_checks.verdict is
  'same: the bucket is this database''s. new: nobody''s yet. All others: nothing is deleted.';
comment on column private.bucket_checks.checked_at is 'When the worker asked.';
comment on column private.bucket_checks.written_by is
  'The transaction that wrote the row. In a row that came from a dump it is not the row''s xmin.';
comment on column private.bucket_checks.database_id is
  'The database in which it was written: a copy is another one.';
comment on column private.bucket_checks.server_started_at is
  'Start of the server that wrote it: one that runs on copied files was started later.';

alter table private.bucket_counter enable row level security;
alter table private.bucket_checks enable row level security;
revoke all on table private.bucket_counter, private.bucket_checks
  from public, anon, authenticated, service_role;
grant select, update on table private.bucket_counter to service_role;
grant select, insert, update, delete on table private.bucket_checks to service_role;
-- service_role bypasses RLS; the policies say so to readers and linters.
create policy "The worker keeps its counter" on private.bucket_counter
  for all to service_role using (true) with check (true);
create policy "The worker keeps its checks" on private.bucket_checks
  for all to service_role using (true) with check (true);

-- Two databases of one cluster have one system_identifier.
create function private.database_id() returns text
language sql
stable
security definer
set search_path = ''
as $$
  select c.system_identifier::text || '/' || d.oid::text
  from pg_catalog.pg_control_system() c
  cross join pg_catalog.pg_database d
  where d.datname = pg_catalog.current_database();
$$;
comment on function private.database_id() is
  'Which database this is: the cluster''s system_identifier and the database''s oid. A dump that is '
  'restored elsewhere has another one; a copy of the cluster''s files has the same.';
revoke all on function private.database_id() from public, anon, authenticated, service_role;
grant execute on function private.database_id() to service_role;

-- Nobody may draw from the sequence, nor look at it, but through this.
create function private.last_item() returns bigint
language sql
stable
security definer
set search_path = ''
as $$
  select s.last_value from private.item_seq s;
$$;
comment on function private.last_item() is
  'The last number that a message, image, document or search result was given.';
revoke all on function private.last_item() from public, anon, authenticated, service_role;
grant execute on function private.last_item() to service_role;

create function public.check_bucket(bucket text, project text, marker jsonb)
returns table (verdict text, database_id text, runs bigint, has_moved boolean)
language sql
volatile
security invoker
set search_path = ''
as $$
  with here as (
    select private.database_id() as database_id, c.runs,
      private.last_item() <> c.last_item or exists (
        select from public.storage_deletions d where d.done_at >= c.raised_at
      ) as has_moved
    from private.bucket_counter c
  ),
  found as (
    select h.database_id, h.runs, h.has_moved,
      case
        when marker is null and h.runs = 0 then 'new'
        when marker is null then 'no_marker'
        when coalesce(marker ->> 'project', '?') <> project
          or coalesce(marker ->> 'database', '?') <> h.database_id
          or coalesce(jsonb_typeof(marker -> 'runs'), '?') <> 'number'
          then 'other_identity'
        when (marker ->> 'runs')::numeric > h.runs then 'bucket_ahead'
        else 'same'
      end as verdict
    from here h
  ),
  kept as (
    insert into private.bucket_checks as b (bucket, project, verdict, database_id)
    select check_bucket.bucket, check_bucket.project, f.verdict, f.database_id from found f
    on conflict on constraint bucket_checks_pkey do update
    set verdict = excluded.verdict, checked_at = excluded.checked_at,
        written_by = excluded.written_by, database_id = excluded.database_id,
        server_started_at = excluded.server_started_at
  )
  select f.verdict, f.database_id, f.runs, f.has_moved from found f;
$$;
comment on function public.check_bucket(text, text, jsonb) is
  'Says whether the bucket is this database''s, by its marker {project, database, runs} (null: '
  'there is none), which has to be read before; and writes it down. Also what a marker of this '
  'database holds, and whether files may have come or gone since it was raised.';
revoke all on function public.check_bucket(text, text, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function public.check_bucket(text, text, jsonb) to service_role;

create function public.last_bucket_check(bucket text, project text)
returns table (verdict text, seconds_ago double precision)
language sql
stable
security invoker
set search_path = ''
as $$
  select b.verdict, extract(epoch from now() - b.checked_at)::double precision
  from private.bucket_checks b
  where b.bucket = last_bucket_check.bucket
    and b.project = last_bucket_check.project
    and b.xmin = b.written_by::xid
    and b.database_id = private.database_id()
    and b.server_started_at = pg_catalog.pg_postmaster_start_time();
$$;
comment on function public.last_bucket_check(text, text) is
  'What the worker last found out about a bucket, and how long ago, in seconds. Nothing where this '
  'server has not checked it since it started: a row that was restored or copied does not count.';
revoke all on function public.last_bucket_check(text, text)
  from public, anon, authenticated, service_role;
grant execute on function public.last_bucket_check(text, text) to service_role;

-- An update, not a sequence: what is rolled back was not raised, and two that raise at once wait.
create function public.raise_bucket_counter(at_least bigint default 0) returns bigint
language sql
volatile
security invoker
set search_path = ''
as $$
  update private.bucket_counter c
  set runs = greatest(c.runs, at_least) + 1,
      raised_at = now(),
      last_item = private.last_item()
  where c.singleton
  returning c.runs;
$$;
comment on function public.raise_bucket_counter(bigint) is
  'Counts a run, from at_least on, which is what a bucket has that an '
  'operator accepts. The new number, to be written to the bucket.';
revoke all on function public.raise_bucket_counter(bigint)
  from public, anon, authenticated, service_role;
grant execute on function public.raise_bucket_counter(bigint) to service_role;
