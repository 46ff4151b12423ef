-- Foundation: the schema for what no client may call, and the pieces that every table shares.
--
-- Only `public` is exposed by the API. Trigger functions live in `private`: they run with their
-- owner's rights where they need more than the caller has, so nobody may execute them directly.

create schema private;
comment on schema private is
  'Trigger functions and bookkeeping of the chat archive. Never exposed by the API.';
revoke all on schema private from public;
-- service_role runs the cleanup worker, whose heartbeat lives here. Signed-in users call functions of
-- public that run with their own rights, and call what is granted here, each by itself.
grant usage on schema private to authenticated, service_role;

-- One sequence orders messages, images and search hits. Its value is drawn while the chat's row
-- is locked (private.give_seq), so within a chat the order of numbers is the order of commits.
create sequence private.item_seq as bigint;
comment on sequence private.item_seq is
  'Order of messages, images and search results within a chat.';
revoke all on sequence private.item_seq from public;

create function private.set_updated_at() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;
comment on function private.set_updated_at() is
  'Trigger: stamps updated_at with the time of the transaction.';
revoke all on function private.set_updated_at() from public;

create function private.refuse_change() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception using
    errcode = 'check_violation',
    message = format('the identity and the keys of a row in %I.%I never change',
                     tg_table_schema, tg_table_name),
    hint = 'Delete the row and insert a new one.';
end
$$;
comment on function private.refuse_change() is
  'Trigger: refuses an update of ids, owners, order or object keys, whoever asks (23514).';
revoke all on function private.refuse_change() from public;

create function private.refuse_truncate() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception using
    errcode = 'insufficient_privilege',
    message = format('%I.%I holds object keys and cannot be truncated',
                     tg_table_schema, tg_table_name),
    hint = 'Use delete: it enqueues the objects for removal.';
end
$$;
comment on function private.refuse_truncate() is
  'Trigger: TRUNCATE fires no row triggers, so objects would be orphaned; it is refused (42501).';
revoke all on function private.refuse_truncate() from public;

-- Checks that several tables share. The role that writes a row needs execute on what its checks call.
-- In plpgsql, which is three times as fast
-- here as a function in SQL that sets its search_path.

create function private.is_readable_time(moment timestamptz) returns boolean
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
begin
  return moment >= '0001-01-01 00:00:00+00' and moment < '10000-01-01 00:00:00+00';
end
$$;
comment on function private.is_readable_time(timestamptz) is
  'Whether every client can read a time: no infinity, no BC, four digits of year.';
revoke all on function private.is_readable_time(timestamptz) from public;
grant execute on function private.is_readable_time(timestamptz) to authenticated, service_role;

create function private.are_boxes(value jsonb, most double precision default null) returns boolean
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
declare
  boxes constant jsonb := case jsonb_typeof(value -> 0)
    when 'number' then jsonb_build_array(value) else value end;
begin
  if jsonb_typeof(value) <> 'array' or octet_length(value::text) > 65536 then
    return false;
  end if;
  -- `strict`, because lax mode unwraps arrays and would look into a number where a box is meant. A
  -- bound that is null is never exceeded.
  return jsonb_array_length(boxes) between 1 and 1000
    and not jsonb_path_exists(boxes, 'strict $[*] ? (@.type() != "array" || @.size() != 4)')
    and not jsonb_path_exists(
      boxes, 'strict $[*][*] ? (@.type() != "number" || @ < 0 || @ > $most)',
      jsonb_build_object('most', most)
    );
end
$$;
comment on function private.are_boxes(jsonb, double precision) is
  'Whether a value is one box [x0, y0, x1, y1] or a list of at most 1000 boxes, in 64 KiB, of numbers from '
  '0 to most (null: without an upper bound).';
revoke all on function private.are_boxes(jsonb, double precision) from public;
grant execute on function private.are_boxes(jsonb, double precision) to authenticated, service_role;

create function private.is_box(value jsonb) returns boolean
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
begin
  return jsonb_typeof(value -> 0) is not distinct from 'number'
    and private.are_boxes(value, 1)
    and (value ->> 0)::double precision < (value ->> 2)::double precision
    and (value ->> 1)::double precision < (value ->> 3)::double precision;
end
$$;
comment on function private.is_box(jsonb) is
  'Whether a value is one box [x0, y0, x1, y1] of numbers from 0 to 1 that has an area.';
revoke all on function private.is_box(jsonb) from public;
grant execute on function private.is_box(jsonb) to authenticated, service_role;

-- jsonb keeps 1e131071 in some 12 bytes and writes it with 131,072 digits, so that the size of a value must
-- not be asked for before its numbers are known. A double has at most 309 digits. What is small holds
-- too few of them to do harm, and is not looked into.
create function private.has_long_numbers(value jsonb) returns boolean
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
begin
  return pg_column_size(value) > 256
    and jsonb_path_exists(
      value, 'strict $.** ? (@ > 1.8e308 || @ < -1.8e308 || (@ > -1e-400 && @ < 1e-400 && @ <> 0))'
    );
end
$$;
comment on function private.has_long_numbers(jsonb) is
  'Whether a value, unless it is small, has numbers that no double can hold: their text is far longer than '
  'what is stored.';
revoke all on function private.has_long_numbers(jsonb) from public;
grant execute on function private.has_long_numbers(jsonb) to authenticated, service_role;

create function private.refuse_long_numbers() returns trigger
language plpgsql
set search_path = ''
as $$
declare
  of_column text;
begin
  foreach of_column in array tg_argv loop
    if private.has_long_numbers(to_jsonb(new) -> of_column) then
      raise exception using
        errcode = 'numeric_value_out_of_range',
        message = format('%s: numbers must fit a double', of_column);
    end if;
  end loop;
  return new;
end
$$;
comment on function private.refuse_long_numbers() is
  'Trigger: numbers whose text is far longer than what is stored are refused (22003).';
revoke all on function private.refuse_long_numbers() from public;

create function private.is_own_key(key text, owner uuid, chat uuid, folder text default null)
returns boolean
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  return key ~ (
      '^' || owner::text || '/' || coalesce(chat::text, '[0-9a-f-]{36}')
      || '/((images|documents)/[A-Za-z0-9_-]+\.[a-z0-9]+|incoming/[A-Za-z0-9_-]+)$'
    )
    and (folder is null or split_part(key, '/', 3) = folder);
end
$$;
comment on function private.is_own_key(text, uuid, uuid, text) is
  'Whether a key is that of an object of this owner and chat (null: any chat of the owner), in this '
  'folder (null: any of images, documents and incoming). Nothing else can be part of a key.';
revoke all on function private.is_own_key(text, uuid, uuid, text) from public;
grant execute on function private.is_own_key(text, uuid, uuid, text) to authenticated, service_role;

-- Functions that are newer than the database fail in many odd ways, so health asks whether the newest
-- migration that they know is applied. The history is the CLI's own, which service_role may not read;
-- what an application adds to it is not asked about.
create function private.is_migration_applied(wanted text) returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if to_regclass('supabase_migrations.schema_migrations') is null then
    return false;
  end if;
  return exists (
    select from supabase_migrations.schema_migrations m where m.version = wanted
  );
end
$$;
comment on function private.is_migration_applied(text) is
  'Whether the CLI''s history has a version. False where there is no history. For service_role only.';
revoke all on function private.is_migration_applied(text) from public;
grant execute on function private.is_migration_applied(text) to service_role;

create function public.has_migration(version text) returns boolean
language sql
stable
security invoker
set search_path = ''
as $$
  select private.is_migration_applied(version);
$$;
comment on function public.has_migration(text) is
  'Whether the migration of this version is applied, as the CLI records it.';
revoke all on function public.has_migration(text) from public, anon, authenticated, service_role;
grant execute on function public.has_migration(text) to service_role;
