-- Takes back 20261122090200_chat_messages.
drop table public.chat_messages;
drop function private.touch_chats();
drop function private.give_seq();
