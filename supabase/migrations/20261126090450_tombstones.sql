-- Tombstones: which users and chats there were.
--
-- Receipts are purged after a month. What stays for ever is two ids, so that an object of a chat or a
-- user that is gone is told from one of another database, however late it turns up.

create table private.chat_tombstones (
  user_id uuid not null,
  chat_id uuid not null,
  primary key (user_id, chat_id)
);
comment on table private.chat_tombstones is
  'Chats that were deleted, for ever: objects below their prefix are orphans, not somebody else''s.';
comment on column private.chat_tombstones.user_id is 'The owner.';
comment on column private.chat_tombstones.chat_id is 'The chat.';

create table private.user_tombstones (
  user_id uuid primary key
);
comment on table private.user_tombstones is
  'Users that were deleted, for ever: objects below their prefix are orphans, not somebody else''s.';
comment on column private.user_tombstones.user_id is 'The user.';

alter table private.chat_tombstones enable row level security;
alter table private.user_tombstones enable row level security;
revoke all on table private.chat_tombstones, private.user_tombstones
  from public, anon, authenticated, service_role;
grant select on table private.chat_tombstones, private.user_tombstones to service_role;
-- service_role bypasses RLS; the policies say so to readers and linters.
create policy "The worker reads the tombstones of chats" on private.chat_tombstones
  for select to service_role using (true);
create policy "The worker reads the tombstones of users" on private.user_tombstones
  for select to service_role using (true);

create function private.bury_chats() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.chat_tombstones (user_id, chat_id)
  select g.user_id, g.id from gone g
  -- An id may be used again once its deletion is done.
  on conflict do nothing;
  return null;
end
$$;
comment on function private.bury_chats() is 'Trigger: a deleted chat leaves a tombstone.';
revoke all on function private.bury_chats() from public;

create trigger chats_bury
  after delete on public.chats
  referencing old table as gone
  for each statement execute function private.bury_chats();

create function private.bury_users() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.user_tombstones (user_id)
  select g.id from gone g
  on conflict do nothing;
  return null;
end
$$;
comment on function private.bury_users() is 'Trigger: a deleted user leaves a tombstone.';
revoke all on function private.bury_users() from public;

-- Whoever deletes the user: delete-account, the dashboard, the auth API.
create trigger chat_archive_bury
  after delete on auth.users
  referencing old table as gone
  for each statement execute function private.bury_users();
