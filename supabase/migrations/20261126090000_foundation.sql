-- Foundation: the schema for what no client may call, and the pieces that every table shares.
--
-- Only `public` is exposed by the API. Trigger functions live in `private`: they run with their
-- owner's rights where they need more than the caller has, so nobody may execute them directly.

create schema private;
comment on schema private is
  'Trigger functions and bookkeeping of the chat archive. Never exposed by the API.';
revoke all on schema private from public;
-- service_role runs the cleanup worker, whose heartbeat lives here.
grant usage on schema private to service_role;

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
