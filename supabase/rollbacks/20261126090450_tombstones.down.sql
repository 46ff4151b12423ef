-- Takes back 20261126090450_tombstones. Objects of chats and users that are gone count as foreign then:
-- let the worker empty the outbox, and reconcile, first.
drop trigger chats_bury on public.chats;
-- With its trigger on auth.users, a table whose owner somebody else is.
drop function private.bury_users() cascade;
drop function private.bury_chats();
drop table private.user_tombstones;
drop table private.chat_tombstones;
