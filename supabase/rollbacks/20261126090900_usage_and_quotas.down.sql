-- Takes back 20261126090900_usage_and_quotas. Usage is counted anew where it is applied again; the quotas
-- of single users are data.
-- not data: public.usage
-- not data: public.quotas where user_id is null
-- not data: private.usage_deltas
-- not data: private.reservations
drop function public.tidy_usage(integer);
drop function private.tidy(integer);
drop function public.usage_owners(uuid, integer);
drop function public.recount_usage(uuid);
drop function private.recount(uuid);
drop function public.my_usage();
drop trigger uploads_usage_update on public.uploads;
drop function private.count_renewed_upload();
drop trigger uploads_usage_delete on public.uploads;
drop trigger uploads_usage_insert on public.uploads;
drop function private.count_uploads();
drop trigger chat_documents_usage_delete on public.chat_documents;
drop trigger chat_documents_usage_update on public.chat_documents;
drop trigger chat_documents_usage_insert on public.chat_documents;
drop function private.count_documents();
drop trigger chat_images_usage_delete on public.chat_images;
drop trigger chat_images_usage_update on public.chat_images;
drop trigger chat_images_usage_insert on public.chat_images;
drop function private.count_images();
drop function private.swap_reservations(uuid[], boolean);
drop trigger search_results_usage_delete on public.search_results;
drop trigger search_results_usage_update on public.search_results;
drop trigger search_results_usage_insert on public.search_results;
drop trigger chat_messages_usage_delete on public.chat_messages;
drop trigger chat_messages_usage_update on public.chat_messages;
drop trigger chat_messages_usage_insert on public.chat_messages;
drop function private.count_text();
drop trigger chats_usage_update on public.chats;
drop trigger chats_usage_delete on public.chats;
drop trigger chats_usage_insert on public.chats;
drop function private.count_chats();
drop view private.held_rows;
drop function private.upload_bytes(text, text, jsonb);
drop function private.document_bytes(text, jsonb);
drop function private.chat_bytes(text, text, jsonb, text);
drop function private.row_bytes();
drop table private.usage_deltas;
drop function private.fold_given_back();
drop function private.fold_usage(uuid);
drop function private.count_usage();
drop function private.fold_deltas(uuid);
drop function private.release_reservations(integer, uuid);
drop table private.reservations;
drop table public.quotas;
drop table public.usage;
