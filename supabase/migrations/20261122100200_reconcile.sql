-- What operators do with the outbox: compare bucket and rows, and give dead letters another try. For
-- service_role only.

-- Keys are compared as S3 lists them, byte by byte, whatever the database's collation.
create index chat_images_s3_path_bytes_idx on public.chat_images (s3_path text_pattern_ops);
create index chats_document_path_bytes_idx on public.chats (document_path text_pattern_ops)
  where document_path is not null;

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
      '/(?:images|documents|incoming)/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.[a-z0-9]+)?$'
    ) as ids
    from jsonb_to_recordset(listed) as l (key text, modified timestamptz)
  ),
  known as (
    select p.key, p.modified, p.ids[1] as user_id, p.ids[2] as chat_id,
      exists (
        select from public.chats c where c.id = p.ids[2]::uuid and c.user_id = p.ids[1]::uuid
      ) or exists (
        select from public.storage_deletions d
        where d.chat_id = p.ids[2]::uuid and d.user_id = p.ids[1]::uuid and d.is_prefix
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
  'knows (ours: false), and those of ours older than grace_seconds that no row, reservation or '
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
      select c.document_path, coalesce(
               (select u.created_at from public.uploads u where u.s3_path = c.document_path),
               c.created_at
             ) < now() - make_interval(secs => grace_seconds)
      from public.chats c
      where c.document_path operator(pg_catalog.~>~) after_key
        and (through_key is null or c.document_path operator(pg_catalog.~<=~) through_key)
      order by c.document_path using operator(pg_catalog.~<~)
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
