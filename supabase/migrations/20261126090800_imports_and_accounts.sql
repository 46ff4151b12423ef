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
  -- Ids are new, and a framework's id stays where another chat of the user has it.
  insert into public.chats
    (id, user_id, title, description, is_archived, metadata, external_id, created_at)
  values (of_chat, of_user, chat ->> 'title', chat ->> 'description',
          (chat ->> 'is_archived')::boolean, chat -> 'metadata',
          case when not exists (
            select from public.chats c
            where c.user_id = of_user and c.external_id = chat ->> 'external_id'
          ) then chat ->> 'external_id' end,
          (chat ->> 'created_at')::timestamptz);
  insert into private.imports (chat_id, user_id, expires_at)
  values (of_chat, of_user, now() + make_interval(secs => lease_seconds));
$$;
comment on function public.begin_import(uuid, uuid, jsonb, integer) is
  'Makes a chat {title, description, is_archived, metadata, external_id, created_at} that its owner '
  'can''t see yet. An external_id that another chat of the owner has is left out.';
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

-- Documents come after the search results that name them. Until then the names wait here.
create table private.import_documents (
  search_result_id uuid primary key,
  chat_id uuid not null,
  user_id uuid not null,
  document_id uuid not null,
  constraint import_documents_import_fkey foreign key (chat_id, user_id)
    references private.imports (chat_id, user_id) on delete cascade
);
comment on table private.import_documents is
  'Documents that search results of an import name, and that are not stored yet.';
comment on column private.import_documents.search_result_id is 'The search result.';
comment on column private.import_documents.chat_id is 'The chat that is being imported.';
comment on column private.import_documents.user_id is 'Its owner.';
comment on column private.import_documents.document_id is 'The document, by the id that it will have.';
create index import_documents_chat_id_user_id_idx
  on private.import_documents (chat_id, user_id);
alter table private.import_documents enable row level security;
-- service_role bypasses RLS; the policy says so to readers and linters.
create policy "The import keeps the documents that are to come" on private.import_documents
  for all to service_role using (true) with check (true);
revoke all on table private.import_documents from public;
grant select, insert, update, delete on table private.import_documents to service_role;

create function public.await_import_documents(of_chat uuid, named jsonb)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  insert into private.import_documents (search_result_id, chat_id, user_id, document_id)
  select n.search_result_id, i.chat_id, i.user_id, n.document_id
  from jsonb_to_recordset(named) as n (search_result_id uuid, document_id uuid)
  join private.imports i on i.chat_id = of_chat;
$$;
comment on function public.await_import_documents(uuid, jsonb) is
  'Notes the documents that search results of an import name: [{search_result_id, document_id}].';
revoke all on function public.await_import_documents(uuid, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function public.await_import_documents(uuid, jsonb) to service_role;

create function public.name_import_documents(of_chat uuid, max_rows integer default 5000)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  named integer;
begin
  with slice as (
    delete from private.import_documents n where n.search_result_id in (
      select w.search_result_id from private.import_documents w where w.chat_id = of_chat
      limit max_rows
    )
    returning n.search_result_id, n.document_id
  ),
  updated as (
    update public.search_results r set document_id = d.id
    from slice s
    join public.chat_documents d on d.id = s.document_id and d.chat_id = of_chat
    where r.id = s.search_result_id and r.chat_id = of_chat
  )
  select count(*) into named from slice;
  return named;
end
$$;
comment on function public.name_import_documents(uuid, integer) is
  'Gives search results of an import the documents that they name, those that have arrived: at most '
  'max_rows a call. Returns how many were looked at; 0: all are done.';
revoke all on function public.name_import_documents(uuid, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.name_import_documents(uuid, integer) to service_role;

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

-- Clients have no right to delete reservations: hence the owner's rights, within the caller's chats.
create function private.delete_uploads(of_chat uuid, max_rows integer) returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  delete from public.uploads d where d.id in (
    select u.id from public.uploads u
    where u.chat_id = of_chat
      and coalesce(u.user_id = (select auth.uid()), true)
    limit max_rows
  );
end
$$;
comment on function private.delete_uploads(uuid, integer) is
  'Deletes up to max_rows reservations of a chat of the caller''s; of any chat where the caller is no user. '
  'Part of delete_chats_slice.';
revoke all on function private.delete_uploads(uuid, integer) from public;
grant execute on function private.delete_uploads(uuid, integer) to authenticated, service_role;

create function public.delete_chats_slice(
  chat_ids uuid[],
  budget_seconds double precision default 3,
  max_rows integer default 10000
)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  -- Users may call it, and it holds the lock of a chat: no figure of theirs may keep it at work.
  deadline constant timestamptz := clock_timestamp()
    + make_interval(secs => least(greatest(coalesce(budget_seconds, 3), 0), 6));
  most constant integer := least(greatest(coalesce(max_rows, 10000), 1), 10000);
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
      select from public.search_results r where r.chat_id = chat offset most limit 1
    ) loop
      if clock_timestamp() > deadline then return false; end if;
      delete from public.search_results d where d.id in (
        select r.id from public.search_results r where r.chat_id = chat limit most
      );
    end loop;
    while exists (
      select from public.chat_messages m where m.chat_id = chat offset most limit 1
    ) loop
      if clock_timestamp() > deadline then return false; end if;
      delete from public.chat_messages d where d.id in (
        select m.id from public.chat_messages m where m.chat_id = chat
        order by m.seq desc limit most
      );
    end loop;
    -- Each reservation has had its entry in the outbox since it was made.
    while exists (
      select from public.uploads u where u.chat_id = chat offset most limit 1
    ) loop
      if clock_timestamp() > deadline then return false; end if;
      perform private.delete_uploads(chat, most);
    end loop;
    if clock_timestamp() > deadline then return false; end if;
    delete from public.chats c where c.id = chat;
  end loop;
  return true;
end
$$;
comment on function public.delete_chats_slice(uuid[], double precision, integer) is
  'Deletes chats, or of large ones as much as fits into about budget_seconds (up to 6), at most max_rows '
  '(1 to 10,000) messages, hits or reservations a statement. True where nothing of them is left that the caller may delete.';
revoke all on function public.delete_chats_slice(uuid[], double precision, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.delete_chats_slice(uuid[], double precision, integer)
  to authenticated, service_role;

create function public.delete_account_slice(
  of_user uuid,
  budget_seconds double precision default 3,
  max_chats integer default 500,
  max_rows integer default 10000
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

-- Who holds an access token may have found it: it can be refreshed for ever, and `iat` is then the time of
-- the refresh. A session begins when somebody has proved who they are. Where the user is gone there is
-- nothing left to protect, and the same request reports on the deletion.
create function private.has_fresh_session(of_user uuid, of_session uuid, max_age_seconds integer)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return exists (
      select from auth.sessions s
      where s.id = of_session and s.user_id = of_user
        and s.created_at > now() - make_interval(secs => max_age_seconds)
    )
    or not exists (select from auth.users u where u.id = of_user);
end
$$;
comment on function private.has_fresh_session(uuid, uuid, integer) is
  'Whether a session is the user''s and began at most so many seconds ago, or the user is gone. For '
  'service_role only.';
revoke all on function private.has_fresh_session(uuid, uuid, integer) from public;
grant execute on function private.has_fresh_session(uuid, uuid, integer) to service_role;

create function public.is_fresh_session(of_user uuid, of_session uuid, max_age_seconds integer)
returns boolean
language sql
stable
security invoker
set search_path = ''
as $$
  select private.has_fresh_session(of_user, of_session, max_age_seconds);
$$;
comment on function public.is_fresh_session(uuid, uuid, integer) is
  'Whether a session is the user''s and began at most so many seconds ago, or the user is gone.';
revoke all on function public.is_fresh_session(uuid, uuid, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.is_fresh_session(uuid, uuid, integer) to service_role;
