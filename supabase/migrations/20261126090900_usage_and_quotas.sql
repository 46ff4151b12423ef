-- Usage and quotas: what each user holds, and how much that may be.
--
-- Every statement that changes what a user holds appends a delta, and triggers fold deltas into the
-- user's row of usage, which is the one row that all writers of a user share. To lock it early would make
-- writers wait for long deletions, and deadlock with them. So
-- * a delta that asks for more is folded in at the end of its statement, which locks the row: two
--   writers can't both pass the last byte. A function of several statements defers that to its own end
--   (set constraints private.usage_deltas_count deferred), so that this lock is the last it takes;
-- * a delta that only gives back is folded in when its transaction commits, if nobody holds the row just
--   then. It never waits. What is left over, the next fold takes along.
-- Deletions are never refused.

create table public.usage (
  user_id uuid constraint usage_user_id_key primary key
    references auth.users (id) on delete cascade,
  chats bigint not null default 0,
  text_bytes bigint not null default 0,
  objects bigint not null default 0,
  file_bytes bigint not null default 0,
  reserved_objects bigint not null default 0,
  reserved_bytes bigint not null default 0
);
comment on table public.usage is 'What each user holds, kept by triggers. my_usage() adds what is not folded in yet.';
comment on column public.usage.user_id is 'The user.';
comment on column public.usage.chats is 'Chats.';
comment on column public.usage.text_bytes is
  'Bytes of text in rows of chats, messages, search results, images, documents and uploads, and 256 for '
  'each of these rows itself.';
comment on column public.usage.objects is 'Images and documents.';
comment on column public.usage.file_bytes is 'Bytes of images and documents.';
comment on column public.usage.reserved_objects is
  'Reservations that are not closed and that no image or document has taken the place of.';
comment on column public.usage.reserved_bytes is 'Bytes that these reservations may bring.';

create table public.quotas (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references auth.users (id) on delete cascade,
  max_chats bigint,
  max_text_bytes bigint,
  max_objects bigint,
  max_file_bytes bigint,
  constraint quotas_user_id_key unique nulls not distinct (user_id),
  constraint quotas_max_chats_counted check (max_chats >= 0),
  constraint quotas_max_text_bytes_counted check (max_text_bytes >= 0),
  constraint quotas_max_objects_counted check (max_objects >= 0),
  constraint quotas_max_file_bytes_counted check (max_file_bytes >= 0),
  -- Nothing stands behind the default row.
  constraint quotas_user_id_complete check (
    user_id is not null
    or num_nulls(max_chats, max_text_bytes, max_objects, max_file_bytes) = 0
  )
);
comment on table public.quotas is
  'How much a user may hold: the default row, and one for each user who differs. Written by operators.';
comment on column public.quotas.id is 'Generated.';
comment on column public.quotas.user_id is 'Whose limits these are; null: the default row.';
comment on column public.quotas.max_chats is 'Chats; null: the default''s.';
comment on column public.quotas.max_text_bytes is 'usage.text_bytes at most; null: the default''s.';
comment on column public.quotas.max_objects is 'Images, documents and open reservations; null: the default''s.';
comment on column public.quotas.max_file_bytes is 'Bytes of these; null: the default''s.';

-- The reasons for these figures are in docs/quotas.md.
insert into public.quotas (user_id, max_chats, max_text_bytes, max_objects, max_file_bytes)
values (null, 100000, 1073741824, 100000, 10737418240);

alter table public.usage enable row level security;
alter table public.quotas enable row level security;
create policy "Users can read their own usage" on public.usage
  for select to authenticated using ((select auth.uid()) = user_id);
create policy "Users can read their own quotas and the default" on public.quotas
  for select to authenticated using ((select auth.uid()) = user_id or user_id is null);
revoke all on table public.usage, public.quotas from public, anon, authenticated, service_role;
grant select on table public.usage, public.quotas to authenticated, service_role;
grant insert, update, delete on table public.quotas to service_role;

-- Deltas ------------------------------------------------------------------------------------------

create table private.usage_deltas (
  id bigint primary key generated always as identity,
  user_id uuid not null,
  transaction xid8 not null default pg_current_xact_id(),
  chats bigint not null default 0,
  text_bytes bigint not null default 0,
  objects bigint not null default 0,
  file_bytes bigint not null default 0,
  reserved_objects bigint not null default 0,
  reserved_bytes bigint not null default 0,
  asks boolean not null generated always as (
    chats > 0 or text_bytes > 0 or objects + reserved_objects > 0 or file_bytes + reserved_bytes > 0
  ) stored
);
comment on table private.usage_deltas is
  'What statements added to the usage of their users, as long as it is not folded in. Nearly always empty.';
comment on column private.usage_deltas.id is 'Generated.';
comment on column private.usage_deltas.user_id is 'Whose usage. No foreign key: the user may be going.';
comment on column private.usage_deltas.transaction is 'Whose doing; 0: nobody''s. Only what a transaction itself asks for is refused.';
comment on column private.usage_deltas.chats is 'As in usage; less than zero: given back.';
comment on column private.usage_deltas.text_bytes is 'The same.';
comment on column private.usage_deltas.objects is 'The same.';
comment on column private.usage_deltas.file_bytes is 'The same.';
comment on column private.usage_deltas.reserved_objects is 'The same.';
comment on column private.usage_deltas.reserved_bytes is 'The same.';
comment on column private.usage_deltas.asks is 'Whether it asks for more of anything that is limited.';
create index usage_deltas_user_id_idx on private.usage_deltas (user_id);
alter table private.usage_deltas enable row level security;
create policy "Users can read what their usage lacks" on private.usage_deltas
  for select to authenticated using ((select auth.uid()) = user_id);
revoke all on table private.usage_deltas from public;
-- For my_usage().
grant select on table private.usage_deltas to authenticated;

-- Reservations outlive their chats and their rows in uploads: the URL that was given out still takes
-- bytes, and the object is there until its sweep.
create table private.reservations (
  incoming_path varchar(1024) primary key,
  upload_id uuid not null,
  user_id uuid not null references auth.users (id) on delete cascade,
  bytes bigint not null,
  closes_at timestamptz not null,
  is_counted boolean not null default true
);
comment on table private.reservations is 'What may still be put into the bucket, whether its chat is there or not.';
comment on column private.reservations.incoming_path is 'The key that the URL writes to.';
comment on column private.reservations.upload_id is 'The id of the upload, and of its image or document.';
comment on column private.reservations.user_id is 'Whose usage counts it.';
comment on column private.reservations.bytes is 'Bytes that it may bring.';
comment on column private.reservations.closes_at is 'Afterwards it is released, by the worker or when its place is needed.';
comment on column private.reservations.is_counted is 'False while its image or document is counted in its place.';
create index reservations_upload_id_idx on private.reservations (upload_id);
create index reservations_user_id_closes_at_idx on private.reservations (user_id, closes_at);
create index reservations_closes_at_idx on private.reservations (closes_at);
alter table private.reservations enable row level security;
create policy "Only triggers and the worker keep the reservations" on private.reservations
  for all to service_role using (true) with check (true);
revoke all on table private.reservations from public;

-- In order of keys, and none that somebody else is just changing.
create function private.release_reservations(batch integer, of_user uuid default null)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  released integer;
begin
  with due as (
    select r.incoming_path from private.reservations r
    where r.closes_at <= now() and (of_user is null or r.user_id = of_user)
    order by r.closes_at, r.incoming_path
    limit batch
    for update skip locked
  ),
  gone as (
    delete from private.reservations r using due where r.incoming_path = due.incoming_path
    returning r.user_id, r.bytes, r.is_counted
  ),
  given_back as (
    -- Nobody's doing: it is not set off against what a transaction asks for.
    insert into private.usage_deltas (user_id, transaction, reserved_objects, reserved_bytes)
    select g.user_id, '0', -count(*), -sum(g.bytes) from gone g
    where g.is_counted
    group by g.user_id
  )
  select count(*) into released from gone;
  return released;
end
$$;
comment on function private.release_reservations(integer, uuid) is
  'Forgets reservations that have closed, of one user or of all, at most batch: how many.';
revoke all on function private.release_reservations(integer, uuid) from public;

-- Folding -----------------------------------------------------------------------------------------

-- Only for who holds the lock on the user's row: deltas have no other guard.
create function private.fold_deltas(of_user uuid)
returns table (quota text, most bigint, used bigint, asked bigint)
language plpgsql
volatile
set search_path = ''
as $$
declare
  now_held record;
begin
  with folded as (
    delete from private.usage_deltas d where d.user_id = of_user returning d.*
  ),
  sums as (
    select sum(f.chats) as chats, sum(f.text_bytes) as text_bytes, sum(f.objects) as objects,
           sum(f.file_bytes) as file_bytes, sum(f.reserved_objects) as reserved_objects,
           sum(f.reserved_bytes) as reserved_bytes,
           sum(f.chats) filter (where f.is_own) as own_chats,
           sum(f.text_bytes) filter (where f.is_own) as own_text_bytes,
           sum(f.objects + f.reserved_objects) filter (where f.is_own) as own_objects,
           sum(f.file_bytes + f.reserved_bytes) filter (where f.is_own) as own_file_bytes
    from (select f.*, f.transaction = pg_current_xact_id() as is_own from folded f) f
    having count(*) > 0
  ),
  held as (
    update public.usage u
    set chats = u.chats + s.chats, text_bytes = u.text_bytes + s.text_bytes,
        objects = u.objects + s.objects, file_bytes = u.file_bytes + s.file_bytes,
        reserved_objects = u.reserved_objects + s.reserved_objects,
        reserved_bytes = u.reserved_bytes + s.reserved_bytes
    from sums s
    where u.user_id = of_user
    returning u.chats, u.text_bytes, u.objects + u.reserved_objects as objects,
              u.file_bytes + u.reserved_bytes as file_bytes,
              s.own_chats, s.own_text_bytes, s.own_objects, s.own_file_bytes
  )
  select h.*, coalesce(o.max_chats, d.max_chats) as max_chats,
         coalesce(o.max_text_bytes, d.max_text_bytes) as max_text_bytes,
         coalesce(o.max_objects, d.max_objects) as max_objects,
         coalesce(o.max_file_bytes, d.max_file_bytes) as max_file_bytes
    into now_held
  from held h
  left join public.quotas o on o.user_id = of_user
  left join public.quotas d on d.user_id is null;

  -- Where the default row is missing there is no limit.
  if now_held.own_chats > 0 and now_held.chats > now_held.max_chats then
    return query select 'max_chats', now_held.max_chats, now_held.chats,
                        now_held.own_chats::bigint;
  elsif now_held.own_text_bytes > 0 and now_held.text_bytes > now_held.max_text_bytes then
    return query select 'max_text_bytes', now_held.max_text_bytes, now_held.text_bytes,
                        now_held.own_text_bytes::bigint;
  elsif now_held.own_objects > 0 and now_held.objects > now_held.max_objects then
    return query select 'max_objects', now_held.max_objects, now_held.objects,
                        now_held.own_objects::bigint;
  elsif now_held.own_file_bytes > 0 and now_held.file_bytes > now_held.max_file_bytes then
    return query select 'max_file_bytes', now_held.max_file_bytes, now_held.file_bytes,
                        now_held.own_file_bytes::bigint;
  end if;
end
$$;
comment on function private.fold_deltas(uuid) is
  'Adds the deltas of a user to the usage, whose row the caller has locked. Returns the quota that this '
  'transaction goes beyond with what it asks for, if there is one.';
revoke all on function private.fold_deltas(uuid) from public;

create function private.count_usage() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  exceeded record;
begin
  perform from public.usage u where u.user_id = new.user_id for no key update;
  if not found then
    insert into public.usage (user_id) values (new.user_id) on conflict (user_id) do nothing;
    perform from public.usage u where u.user_id = new.user_id for no key update;
  end if;
  -- What has closed does not wait for the worker where its place may be needed.
  if new.objects + new.reserved_objects > 0 then
    perform private.release_reservations(10000, new.user_id);
  end if;
  -- The trigger of an earlier delta may have folded this one in, too: then nothing is left.
  select f.* into exceeded from private.fold_deltas(new.user_id) f;
  if found then
    -- PostgREST answers PTxyz with the HTTP status xyz.
    raise exception using
      errcode = 'PT429',
      message = substr(exceeded.quota, 5) || ': the quota is used up',
      detail = json_build_object('quota', exceeded.quota, 'limit', exceeded.most,
                                 'used', exceeded.used - exceeded.asked, 'asked', exceeded.asked),
      hint = 'Delete something, or ask the operator for a higher quota.';
  end if;
  return null;
end
$$;
comment on function private.count_usage() is
  'Trigger: a delta that asks for more is folded in under the lock of the user''s row, and refused where it '
  'goes beyond a quota (PT429, with quota, limit, used and asked as JSON in its detail).';
revoke all on function private.count_usage() from public;

create constraint trigger usage_deltas_count
  after insert on private.usage_deltas
  deferrable initially immediate
  for each row when (new.asks) execute function private.count_usage();

create function private.fold_usage(of_user uuid) returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform from public.usage u where u.user_id = of_user for no key update skip locked;
  if found then
    perform private.fold_deltas(of_user);
  elsif not exists (select from public.usage u where u.user_id = of_user) then
    -- The user is gone, or going in this transaction.
    delete from private.usage_deltas d where d.user_id = of_user;
  end if;
end
$$;
comment on function private.fold_usage(uuid) is
  'Folds the deltas of a user in, unless somebody else holds the row. Never waits.';
revoke all on function private.fold_usage(uuid) from public;

create function private.fold_given_back() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if exists (select from private.usage_deltas d where d.id = new.id) then
    perform private.fold_usage(new.user_id);
  end if;
  return null;
end
$$;
comment on function private.fold_given_back() is
  'Trigger: what is given back is folded in at commit, when no other lock is taken any more.';
revoke all on function private.fold_given_back() from public;

create constraint trigger usage_deltas_fold
  after insert on private.usage_deltas
  deferrable initially deferred
  for each row when (not new.asks) execute function private.fold_given_back();

-- What counts -------------------------------------------------------------------------------------

-- So that rows without text are bounded, too. A message without text takes about 400 bytes, indexes
-- included; a round figure below that keeps the sum near to what users take for their text.
create function private.row_bytes() returns integer
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  return 256;
end
$$;
comment on function private.row_bytes() is 'Bytes that text_bytes counts for a row besides its text.';
revoke all on function private.row_bytes() from public;

create function private.chat_bytes(title text, description text, metadata jsonb, external_id text)
returns bigint
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  return octet_length(title) + coalesce(octet_length(description), 0)
    + octet_length(metadata::text) + coalesce(octet_length(external_id), 0);
end
$$;
comment on function private.chat_bytes(text, text, jsonb, text) is 'Bytes of text in a row of chats.';
revoke all on function private.chat_bytes(text, text, jsonb, text) from public;

create function private.document_bytes(name text, metadata jsonb) returns bigint
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  return octet_length(name) + octet_length(metadata::text);
end
$$;
comment on function private.document_bytes(text, jsonb) is 'Bytes of text in a row of chat_documents.';
revoke all on function private.document_bytes(text, jsonb) from public;

create function private.upload_bytes(file_name text, description text, coords_norm jsonb)
returns bigint
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  return octet_length(file_name) + coalesce(octet_length(description), 0)
    + coalesce(octet_length(coords_norm::text), 0);
end
$$;
comment on function private.upload_bytes(text, text, jsonb) is 'Bytes of text in a row of uploads.';
revoke all on function private.upload_bytes(text, text, jsonb) from public;

create view private.held_rows as
  select c.user_id, 1 as chats,
         private.row_bytes() + private.chat_bytes(c.title, c.description, c.metadata, c.external_id)
           as text_bytes,
         0 as objects, 0::bigint as file_bytes
  from public.chats c
  -- By their chats, whose owners have an index.
  union all
  select c.user_id, 0, private.row_bytes() + m.bytes, 0, 0
  from public.chats c join public.chat_messages m on (m.chat_id, m.user_id) = (c.id, c.user_id)
  union all
  select c.user_id, 0, private.row_bytes() + r.bytes, 0, 0
  from public.chats c join public.search_results r on (r.chat_id, r.user_id) = (c.id, c.user_id)
  union all
  select c.user_id, 0,
         private.row_bytes() + private.upload_bytes(u.file_name, u.description, u.coords_norm), 0, 0
  from public.chats c join public.uploads u on (u.chat_id, u.user_id) = (c.id, c.user_id)
  union all
  select c.user_id, 0, private.row_bytes() + octet_length(i.image_name) + i.bytes, 1, i.file_size
  from public.chats c join public.chat_images i on (i.chat_id, i.user_id) = (c.id, c.user_id)
  union all
  select c.user_id, 0, private.row_bytes() + private.document_bytes(d.name, d.metadata), 1, d.file_size
  from public.chats c join public.chat_documents d on (d.chat_id, d.user_id) = (c.id, c.user_id);
comment on view private.held_rows is 'What each row that counts adds to the usage of its owner.';
revoke all on private.held_rows from public;

-- Statements, not rows, so that a batch costs one delta. Only what changed is compared: a message that is
-- streamed and a chat that gets a message change nothing else.

create function private.count_chats() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.usage_deltas (user_id, chats, text_bytes)
    select a.user_id, count(*),
           sum(private.row_bytes() + private.chat_bytes(a.title, a.description, a.metadata, a.external_id))
    from added a group by a.user_id order by a.user_id;
  elsif tg_op = 'DELETE' then
    insert into private.usage_deltas (user_id, chats, text_bytes)
    select g.user_id, -count(*),
           -sum(private.row_bytes() + private.chat_bytes(g.title, g.description, g.metadata, g.external_id))
    from gone g group by g.user_id order by g.user_id;
  else
    insert into private.usage_deltas (user_id, text_bytes)
    select c.user_id, c.more
    from (values (
      new.user_id,
      private.chat_bytes(new.title, new.description, new.metadata, new.external_id)
        - private.chat_bytes(old.title, old.description, old.metadata, old.external_id)
    )) c (user_id, more)
    where c.more <> 0;
  end if;
  return null;
end
$$;
comment on function private.count_chats() is 'Trigger: chats and their text count.';
revoke all on function private.count_chats() from public;

create trigger chats_usage_insert
  after insert on public.chats
  referencing new table as added
  for each statement execute function private.count_chats();
create trigger chats_usage_delete
  after delete on public.chats
  referencing old table as gone
  for each statement execute function private.count_chats();
-- A row at a time, because a trigger with transition tables can't name columns: every message that is
-- added updates its chat.
create trigger chats_usage_update
  after update of title, description, metadata, external_id on public.chats
  for each row execute function private.count_chats();

create function private.count_text() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.usage_deltas (user_id, text_bytes)
    select a.user_id, sum(private.row_bytes() + a.bytes)
    from added a group by a.user_id order by a.user_id;
  elsif tg_op = 'DELETE' then
    insert into private.usage_deltas (user_id, text_bytes)
    select g.user_id, -sum(private.row_bytes() + g.bytes)
    from gone g group by g.user_id order by g.user_id;
  else
    -- user_id never changes.
    insert into private.usage_deltas (user_id, text_bytes)
    select c.user_id, sum(c.bytes)
    from (
      select a.user_id, a.bytes from added a
      union all
      select g.user_id, -g.bytes from gone g
    ) c
    group by c.user_id having sum(c.bytes) <> 0
    order by c.user_id;
  end if;
  return null;
end
$$;
comment on function private.count_text() is 'Trigger: text of messages and search results counts.';
revoke all on function private.count_text() from public;

create trigger chat_messages_usage_insert
  after insert on public.chat_messages
  referencing new table as added
  for each statement execute function private.count_text();
create trigger chat_messages_usage_update
  after update on public.chat_messages
  referencing old table as gone new table as added
  for each statement execute function private.count_text();
create trigger chat_messages_usage_delete
  after delete on public.chat_messages
  referencing old table as gone
  for each statement execute function private.count_text();

create trigger search_results_usage_insert
  after insert on public.search_results
  referencing new table as added
  for each statement execute function private.count_text();
create trigger search_results_usage_update
  after update on public.search_results
  referencing old table as gone new table as added
  for each statement execute function private.count_text();
create trigger search_results_usage_delete
  after delete on public.search_results
  referencing old table as gone
  for each statement execute function private.count_text();

-- A file counts once: as a reservation until it has a row, then as that row, and where the row goes
-- before the reservation has closed, as a reservation again, because its URL still takes bytes. Both
-- sides are in one delta: it asks for nothing.

create function private.swap_reservations(ids uuid[], counted boolean)
returns table (user_id uuid, objects bigint, bytes bigint)
language plpgsql
volatile
set search_path = ''
as $$
begin
  return query
    with swapped as (
      update private.reservations r set is_counted = counted
      where r.upload_id = any (ids) and r.is_counted <> counted and (not counted or r.closes_at > now())
      returning r.user_id, r.bytes
    )
    select s.user_id, case when counted then count(*) else -count(*) end,
           case when counted then sum(s.bytes)::bigint else -sum(s.bytes)::bigint end
    from swapped s
    group by s.user_id;
end
$$;
comment on function private.swap_reservations(uuid[], boolean) is
  'Counts the reservations of these uploads, if they have not closed, or no longer. Returns what that adds '
  'for each user.';
revoke all on function private.swap_reservations(uuid[], boolean) from public;

create function private.count_images() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.usage_deltas
      (user_id, text_bytes, objects, file_bytes, reserved_objects, reserved_bytes)
    select c.user_id, sum(c.text), sum(c.objects), sum(c.bytes), sum(c.reserved), sum(c.reserved_bytes)
    from (
      select r.user_id, private.row_bytes() + octet_length(r.image_name) + r.bytes as text, 1 as objects,
             r.file_size as bytes, 0 as reserved, 0 as reserved_bytes
      from added r
      union all
      select s.user_id, 0, 0, 0, s.objects, s.bytes
      from private.swap_reservations(array(select a.id from added a), false) s
    ) c
    group by c.user_id order by c.user_id;
  elsif tg_op = 'DELETE' then
    insert into private.usage_deltas
      (user_id, text_bytes, objects, file_bytes, reserved_objects, reserved_bytes)
    select c.user_id, sum(c.text), sum(c.objects), sum(c.bytes), sum(c.reserved), sum(c.reserved_bytes)
    from (
      select r.user_id, -(private.row_bytes() + octet_length(r.image_name) + r.bytes) as text, -1 as objects,
             -r.file_size as bytes, 0 as reserved, 0 as reserved_bytes
      from gone r
      union all
      select s.user_id, 0, 0, 0, s.objects, s.bytes
      from private.swap_reservations(array(select g.id from gone g), true) s
    ) c
    group by c.user_id order by c.user_id;
  else
    insert into private.usage_deltas (user_id, text_bytes, file_bytes)
    select c.user_id, sum(c.text), sum(c.bytes)
    from (
      select r.user_id, octet_length(r.image_name) + r.bytes as text, r.file_size as bytes from added r
      union all
      select r.user_id, -(octet_length(r.image_name) + r.bytes), -r.file_size from gone r
    ) c
    group by c.user_id having sum(c.text) <> 0 or sum(c.bytes) <> 0
    order by c.user_id;
  end if;
  return null;
end
$$;
comment on function private.count_images() is 'Trigger: images count, with their text.';
revoke all on function private.count_images() from public;

create trigger chat_images_usage_insert
  after insert on public.chat_images
  referencing new table as added
  for each statement execute function private.count_images();
create trigger chat_images_usage_update
  after update on public.chat_images
  referencing old table as gone new table as added
  for each statement execute function private.count_images();
create trigger chat_images_usage_delete
  after delete on public.chat_images
  referencing old table as gone
  for each statement execute function private.count_images();

create function private.count_documents() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.usage_deltas
      (user_id, text_bytes, objects, file_bytes, reserved_objects, reserved_bytes)
    select c.user_id, sum(c.text), sum(c.objects), sum(c.bytes), sum(c.reserved), sum(c.reserved_bytes)
    from (
      select r.user_id, private.row_bytes() + private.document_bytes(r.name, r.metadata) as text, 1 as objects,
             r.file_size as bytes, 0 as reserved, 0 as reserved_bytes
      from added r
      union all
      select s.user_id, 0, 0, 0, s.objects, s.bytes
      from private.swap_reservations(array(select a.id from added a), false) s
    ) c
    group by c.user_id order by c.user_id;
  elsif tg_op = 'DELETE' then
    insert into private.usage_deltas
      (user_id, text_bytes, objects, file_bytes, reserved_objects, reserved_bytes)
    select c.user_id, sum(c.text), sum(c.objects), sum(c.bytes), sum(c.reserved), sum(c.reserved_bytes)
    from (
      select r.user_id, -(private.row_bytes() + private.document_bytes(r.name, r.metadata)) as text, -1 as objects,
             -r.file_size as bytes, 0 as reserved, 0 as reserved_bytes
      from gone r
      union all
      select s.user_id, 0, 0, 0, s.objects, s.bytes
      from private.swap_reservations(array(select g.id from gone g), true) s
    ) c
    group by c.user_id order by c.user_id;
  else
    insert into private.usage_deltas (user_id, text_bytes, file_bytes)
    select c.user_id, sum(c.text), sum(c.bytes)
    from (
      select r.user_id, private.document_bytes(r.name, r.metadata) as text, r.file_size as bytes from added r
      union all
      select r.user_id, -(private.document_bytes(r.name, r.metadata)), -r.file_size from gone r
    ) c
    group by c.user_id having sum(c.text) <> 0 or sum(c.bytes) <> 0
    order by c.user_id;
  end if;
  return null;
end
$$;
comment on function private.count_documents() is 'Trigger: documents count, with their text.';
revoke all on function private.count_documents() from public;

create trigger chat_documents_usage_insert
  after insert on public.chat_documents
  referencing new table as added
  for each statement execute function private.count_documents();
create trigger chat_documents_usage_update
  after update on public.chat_documents
  referencing old table as gone new table as added
  for each statement execute function private.count_documents();
create trigger chat_documents_usage_delete
  after delete on public.chat_documents
  referencing old table as gone
  for each statement execute function private.count_documents();

create function private.count_uploads() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    -- What an image or document takes the place of is found by the upload's id. Where the chat is gone,
    -- nothing else knows it any more.
    if exists (select from added a join private.reservations r on r.upload_id = a.id) then
      raise exception using
        errcode = 'unique_violation',
        message = 'this upload id was used before',
        hint = 'Choose a new id.';
    end if;
    insert into private.reservations (incoming_path, upload_id, user_id, bytes, closes_at)
    select a.incoming_path, a.id, a.user_id, a.file_size, a.closes_at
    from added a where a.status = 'reserved';
    insert into private.usage_deltas (user_id, text_bytes, reserved_objects, reserved_bytes)
    select a.user_id,
           sum(private.row_bytes() + private.upload_bytes(a.file_name, a.description, a.coords_norm)),
           count(*) filter (where a.status = 'reserved'),
           coalesce(sum(a.file_size) filter (where a.status = 'reserved'), 0)
    from added a group by a.user_id order by a.user_id;
  else
    insert into private.usage_deltas (user_id, text_bytes)
    select g.user_id,
           -sum(private.row_bytes() + private.upload_bytes(g.file_name, g.description, g.coords_norm))
    from gone g group by g.user_id order by g.user_id;
  end if;
  return null;
end
$$;
comment on function private.count_uploads() is
  'Trigger: reservations count, with their text. What they reserve stays counted where the row goes.';
revoke all on function private.count_uploads() from public;

create trigger uploads_usage_insert
  after insert on public.uploads
  referencing new table as added
  for each statement execute function private.count_uploads();
create trigger uploads_usage_delete
  after delete on public.uploads
  referencing old table as gone
  for each statement execute function private.count_uploads();

-- A key that was given out stays counted until it closes, so that a reservation with a new key counts
-- beside it.
create function private.count_renewed_upload() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  is_new boolean := false;
begin
  if new.status = 'reserved' then
    insert into private.reservations as r (incoming_path, upload_id, user_id, bytes, closes_at)
    values (new.incoming_path, new.id, new.user_id, new.file_size, new.closes_at)
    on conflict (incoming_path)
      do update set closes_at = greatest(r.closes_at, excluded.closes_at)
    returning r.xmax = 0 into is_new;
  end if;
  insert into private.usage_deltas (user_id, text_bytes, reserved_objects, reserved_bytes)
  select new.user_id, c.more, is_new::integer, case when is_new then new.file_size else 0 end
  from (values (
    private.upload_bytes(new.file_name, new.description, new.coords_norm)
      - private.upload_bytes(old.file_name, old.description, old.coords_norm)
  )) c (more)
  where is_new or c.more <> 0;
  return null;
end
$$;
comment on function private.count_renewed_upload() is
  'Trigger: a reservation that is prolonged, or gets another key, counts for as long as that says.';
revoke all on function private.count_renewed_upload() from public;

create trigger uploads_usage_update
  after update on public.uploads
  for each row
  when (
    (old.closes_at, old.incoming_path, old.file_name, old.description, old.coords_norm)
    is distinct from
    (new.closes_at, new.incoming_path, new.file_name, new.description, new.coords_norm)
  )
  execute function private.count_renewed_upload();

-- The owner, operators and the worker -------------------------------------------------------------

-- Under RLS.
create function public.my_usage()
returns table (
  chats bigint, text_bytes bigint, objects bigint, file_bytes bigint, reserved_objects bigint,
  reserved_bytes bigint, max_chats bigint, max_text_bytes bigint, max_objects bigint,
  max_file_bytes bigint
)
language sql
stable
security invoker
set search_path = ''
as $$
  select h.*, coalesce(own.max_chats, d.max_chats), coalesce(own.max_text_bytes, d.max_text_bytes),
         coalesce(own.max_objects, d.max_objects), coalesce(own.max_file_bytes, d.max_file_bytes)
  from (
    select coalesce(sum(p.chats), 0)::bigint, coalesce(sum(p.text_bytes), 0)::bigint,
           coalesce(sum(p.objects), 0)::bigint, coalesce(sum(p.file_bytes), 0)::bigint,
           coalesce(sum(p.reserved_objects), 0)::bigint, coalesce(sum(p.reserved_bytes), 0)::bigint
    from (
      select u.chats, u.text_bytes, u.objects, u.file_bytes, u.reserved_objects, u.reserved_bytes
      from public.usage u
      where u.user_id = (select auth.uid())
      union all
      select t.chats, t.text_bytes, t.objects, t.file_bytes, t.reserved_objects, t.reserved_bytes
      from private.usage_deltas t
      where t.user_id = (select auth.uid())
    ) p
  ) h
  left join public.quotas own on own.user_id = (select auth.uid())
  left join public.quotas d on d.user_id is null;
$$;
comment on function public.my_usage() is
  'What the caller holds, as of this moment, and may hold: the columns of usage and of quotas.';
revoke all on function public.my_usage() from public, anon, authenticated, service_role;
grant execute on function public.my_usage() to authenticated;

-- In one statement, so in one snapshot: a deletion that commits meanwhile is either in none of both, the
-- rows and the deltas, or in both.
create function private.recount(of_user uuid) returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  counted public.usage;
  before public.usage;
begin
  insert into public.usage (user_id)
  select u.id from auth.users u where u.id = of_user
  on conflict (user_id) do nothing;
  perform from public.usage u where u.user_id = of_user for no key update;
  if not found then
    return false;
  end if;
  perform private.fold_deltas(of_user);
  select u.* into before from public.usage u where u.user_id = of_user;
  with folded as (delete from private.usage_deltas d where d.user_id = of_user)
  update public.usage u
  set chats = h.chats, text_bytes = h.text_bytes, objects = h.objects, file_bytes = h.file_bytes,
      reserved_objects = r.objects, reserved_bytes = r.bytes
  from (
    select coalesce(sum(t.chats), 0) as chats, coalesce(sum(t.text_bytes), 0) as text_bytes,
           coalesce(sum(t.objects), 0) as objects, coalesce(sum(t.file_bytes), 0) as file_bytes
    from private.held_rows t where t.user_id = of_user
  ) h, (
    select count(*) as objects, coalesce(sum(v.bytes), 0) as bytes
    from private.reservations v where v.user_id = of_user and v.is_counted
  ) r
  where u.user_id = of_user
  returning u.* into counted;
  return counted is distinct from before;
end
$$;
comment on function private.recount(uuid) is
  'Sets the usage of a user to what the rows say. True where it was something else.';
revoke all on function private.recount(uuid) from public;
grant execute on function private.recount(uuid) to service_role;

create function public.recount_usage(of_user uuid) returns boolean
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.recount(of_user);
$$;
comment on function public.recount_usage(uuid) is
  'Sets the usage of a user to what the rows say. True where it was something else.';
revoke all on function public.recount_usage(uuid) from public, anon, authenticated, service_role;
grant execute on function public.recount_usage(uuid) to service_role;

-- From one owner to the next by the index on chats, however many chats there are.
create function public.usage_owners(after_user uuid default null, max_rows integer default 1000)
returns setof uuid
language sql
stable
security invoker
set search_path = ''
as $$
  with recursive owners (id) as (
    (
      select c.user_id from public.chats c
      where after_user is null or c.user_id > after_user
      order by c.user_id limit 1
    )
    union all
    select (
      select c.user_id from public.chats c where c.user_id > o.id order by c.user_id limit 1
    )
    from owners o
    where o.id is not null
  )
  select i.id from (
    (select o.id from owners o where o.id is not null limit max_rows)
    union
    (
      select u.user_id from public.usage u where after_user is null or u.user_id > after_user
      order by u.user_id limit max_rows
    )
  ) i
  order by i.id
  limit max_rows;
$$;
comment on function public.usage_owners(uuid, integer) is
  'Users that have chats or a row of usage, in order, after one of them.';
revoke all on function public.usage_owners(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.usage_owners(uuid, integer) to service_role;

create function private.tidy(batch integer) returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  deadline constant timestamptz := clock_timestamp() + interval '1 second';
  released constant integer := private.release_reservations(batch);
  owner uuid;
begin
  for owner in select distinct d.user_id from private.usage_deltas d order by d.user_id limit batch loop
    perform private.fold_usage(owner);
    exit when clock_timestamp() > deadline;
  end loop;
  return released;
end
$$;
comment on function private.tidy(integer) is 'What tidy_usage does.';
revoke all on function private.tidy(integer) from public;
grant execute on function private.tidy(integer) to service_role;

create function public.tidy_usage(batch integer default 10000) returns integer
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.tidy(batch);
$$;
comment on function public.tidy_usage(integer) is
  'Part of each run of the worker: forgets reservations that have closed, at most batch, and folds in what '
  'nobody has folded in. Returns how many were forgotten.';
revoke all on function public.tidy_usage(integer) from public, anon, authenticated, service_role;
grant execute on function public.tidy_usage(integer) to service_role;

-- What is there already ---------------------------------------------------------------------------

insert into private.reservations (incoming_path, upload_id, user_id, bytes, closes_at, is_counted)
select u.incoming_path, u.id, u.user_id, u.file_size, u.closes_at,
       not exists (select from public.chat_images i where i.id = u.id)
         and not exists (select from public.chat_documents d where d.id = u.id)
from public.uploads u
where u.closes_at > now() and u.status <> 'expired';

insert into public.usage
  (user_id, chats, text_bytes, objects, file_bytes, reserved_objects, reserved_bytes)
select t.user_id, sum(t.chats), sum(t.text_bytes), sum(t.objects), sum(t.file_bytes),
       sum(t.reserved), sum(t.reserved_bytes)
from (
  select h.user_id, h.chats, h.text_bytes, h.objects, h.file_bytes, 0 as reserved, 0::bigint as reserved_bytes
  from private.held_rows h
  union all
  select r.user_id, 0, 0, 0, 0, 1, r.bytes from private.reservations r where r.is_counted
) t
group by t.user_id;
