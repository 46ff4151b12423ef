-- Takes back 20261122090100_chats.
drop table public.chats;
