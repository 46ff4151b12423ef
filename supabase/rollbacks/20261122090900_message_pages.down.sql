-- Takes back 20261122090900_message_pages.
drop function public.chat_messages_page(uuid, bigint, integer, integer);
