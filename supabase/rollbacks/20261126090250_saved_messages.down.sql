-- Takes back 20261126090250_saved_messages, and keeps all data.
drop trigger chat_messages_names_are_there on public.chat_messages;
drop function public.save_messages(uuid, jsonb, uuid[]);
drop function public.delete_messages(uuid, uuid[], bigint, integer);
drop function private.check_message();
drop function private.named_files(jsonb);
