-- What takes many transactions: importing a chat, and deleting what may be too large for one statement
-- (the platform stops one after 8 s).

create function public.begin_import(
  of_chat uuid,
  of_user uuid,
  chat jsonb,
  lease_seconds integer default 900
)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  insert into public.chats (id, user_id, title, description, is_archived, metadata, created_at)
  values (of_chat, of_user, chat ->> 'title', chat ->> 'description',
          (chat ->> 'is_archived')::boolean, chat -> 'metadata',
          (chat ->> 'created_at')::timestamptz);
  insert into private.imports (chat_id, user_id, expires_at)
  values (of_chat, of_user, now() + make_interval(secs => lease_seconds));
$$;
comment on function public.begin_import(uuid, uuid, jsonb, integer) is
  'Makes a chat {title, description, is_archived, metadata, created_at} that its owner can''t see yet.';
revoke all on function public.begin_import(uuid, uuid, jsonb, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.begin_import(uuid, uuid, jsonb, integer) to service_role;

create function public.renew_import(of_chat uuid, lease_seconds integer default 900)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  -- Past its lease the worker may have begun to remove it.
  update private.imports i set expires_at = now() + make_interval(secs => lease_seconds)
    where i.chat_id = of_chat and i.expires_at > now();
  return found;
end
$$;
comment on function public.renew_import(uuid, integer) is
  'Renews the lease of an import. False where it has run out: the worker removes it.';
revoke all on function public.renew_import(uuid, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.renew_import(uuid, integer) to service_role;

create function public.finish_import(of_chat uuid)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  delete from private.imports i where i.chat_id = of_chat and i.expires_at > now();
  return found;
end
$$;
comment on function public.finish_import(uuid) is
  'Shows an imported chat to its owner. False where its lease has run out.';
revoke all on function public.finish_import(uuid) from public, anon, authenticated, service_role;
grant execute on function public.finish_import(uuid) to service_role;

-- One slice of one chat a call: a statement has eight seconds.
create function public.remove_stale_import()
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  stale uuid;
begin
  select i.chat_id into stale from private.imports i
    where i.expires_at <= now()
    order by i.expires_at
    limit 1
    for update skip locked;
  if stale is not null then
    perform public.delete_chats_slice(array[stale]);
  end if;
  return stale;
end
$$;
comment on function public.remove_stale_import() is
  'Removes a slice of a chat whose import died, if there is one. Its objects follow through the '
  'outbox. Returns its id, or null.';
revoke all on function public.remove_stale_import() from public, anon, authenticated, service_role;
grant execute on function public.remove_stale_import() to service_role;

-- Deletion in slices ------------------------------------------------------------------------------

-- Every slice is a transaction of its own that leaves a valid state, so a deletion that is interrupted
-- anywhere goes on where it stopped.

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
