-- Deletes what may be too large for one statement: the platform stops one after 8 s. Every slice is a
-- transaction of its own that leaves a valid state, so a deletion that is interrupted anywhere goes on
-- where it stopped.

create function public.delete_chats_slice(
  chat_ids uuid[],
  budget_seconds double precision default 3,
  max_rows integer default 20000
)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  deadline constant timestamptz := clock_timestamp() + make_interval(secs => budget_seconds);
  chat uuid;
begin
  -- In one order, whoever deletes. The chat before its children, as confirm_uploads does: two orders
  -- would deadlock.
  for chat in
    select c.id from public.chats c where c.id = any (chat_ids) order by c.id for update
  loop
    -- What is left of each kind goes with the chat, whose single prefix in the outbox then stands for
    -- all of its objects.
    while exists (
      select from public.search_results r where r.chat_id = chat offset max_rows limit 1
    ) loop
      if clock_timestamp() > deadline then return false; end if;
      delete from public.search_results d where d.id in (
        select r.id from public.search_results r where r.chat_id = chat limit max_rows
      );
    end loop;
    while exists (
      select from public.chat_messages m where m.chat_id = chat offset max_rows limit 1
    ) loop
      if clock_timestamp() > deadline then return false; end if;
      delete from public.chat_messages d where d.id in (
        select m.id from public.chat_messages m where m.chat_id = chat order by m.seq limit max_rows
      );
    end loop;
    if clock_timestamp() > deadline then return false; end if;
    delete from public.chats c where c.id = chat;
  end loop;
  return true;
end
$$;
comment on function public.delete_chats_slice(uuid[], double precision, integer) is
  'Deletes chats, or of large ones as much as fits into about budget_seconds, at most max_rows messages '
  'or hits a statement. True where nothing of them is left that the caller may delete.';
revoke all on function public.delete_chats_slice(uuid[], double precision, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.delete_chats_slice(uuid[], double precision, integer)
  to authenticated, service_role;

create function public.delete_account_slice(
  of_user uuid,
  budget_seconds double precision default 3,
  max_chats integer default 500,
  max_rows integer default 20000
)
returns table (chats integer, finished boolean)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  deadline constant timestamptz := clock_timestamp() + make_interval(secs => budget_seconds);
  chat uuid;
begin
  chats := 0;
  finished := false;
  for chat in
    select c.id from public.chats c where c.user_id = of_user
    order by c.created_at desc, c.id desc
  loop
    exit when chats >= max_chats or clock_timestamp() > deadline;
    exit when not public.delete_chats_slice(
      array[chat], extract(epoch from deadline - clock_timestamp())::double precision, max_rows
    );
    chats := chats + 1;
  end loop;
  finished := not exists (select from public.chats c where c.user_id = of_user);
  return next;
end
$$;
comment on function public.delete_account_slice(uuid, double precision, integer, integer) is
  'Deletes up to max_chats chats of a user for about budget_seconds, at most max_rows messages or hits '
  'a statement. Says how many chats went, and whether none is left.';
revoke all on function public.delete_account_slice(uuid, double precision, integer, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.delete_account_slice(uuid, double precision, integer, integer)
  to service_role;

-- service_role may not delete from auth.users, and the table's owner may: hence the owner's rights,
-- in a schema that the API does not expose.
create function private.delete_auth_user(of_user uuid) returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  delete from auth.users u where u.id = of_user;
  return found;
end
$$;
comment on function private.delete_auth_user(uuid) is
  'Deletes an auth user with all that cascades from it. For service_role only.';
revoke all on function private.delete_auth_user(uuid) from public;
grant execute on function private.delete_auth_user(uuid) to service_role;

create function public.delete_account_user(of_user uuid) returns boolean
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.delete_auth_user(of_user);
$$;
comment on function public.delete_account_user(uuid) is
  'The last step of an account''s deletion: the auth user, and chats that were made meanwhile. False '
  'where there is none any more.';
revoke all on function public.delete_account_user(uuid)
  from public, anon, authenticated, service_role;
grant execute on function public.delete_account_user(uuid) to service_role;

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
    max(d.not_before) filter (where d.done_at is null and d.chat_id is null)
  from public.storage_deletions d
  where d.user_id = (select auth.uid());
$$;
comment on function public.account_deletion_status() is
  'Receipt of all of the caller''s deleted chats: how many, entries still open, and until when a URL '
  'given out earlier could bring bytes that will be swept.';
revoke all on function public.account_deletion_status()
  from public, anon, authenticated, service_role;
grant execute on function public.account_deletion_status() to authenticated, service_role;
