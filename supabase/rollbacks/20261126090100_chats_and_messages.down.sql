-- Takes back 20261126090100_chats_and_messages. A policy of chats reads private.imports.
drop table public.chat_messages;
drop function private.touch_chats();
drop function private.give_seq();
drop policy "Users can read their own chats" on public.chats;
drop table private.imports;
drop table public.chats;
