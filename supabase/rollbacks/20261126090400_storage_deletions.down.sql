-- Takes back 20261126090400_storage_deletions. What was deleted since leaves no trace any more, so
-- let the worker empty the outbox first.
drop function public.account_deletion_status();
drop function public.deletion_status(uuid[]);
drop trigger chats_refuse_truncate on public.chats;
drop trigger chat_images_refuse_truncate on public.chat_images;
drop trigger chat_documents_refuse_truncate on public.chat_documents;
drop trigger uploads_refuse_truncate on public.uploads;
drop trigger uploads_check_reuse_of_id on public.uploads;
drop trigger chats_refuse_reuse_of_id on public.chats;
drop trigger uploads_enqueue_incoming on public.uploads;
drop trigger chat_documents_enqueue on public.chat_documents;
drop trigger chat_images_enqueue on public.chat_images;
drop trigger chats_enqueue on public.chats;
drop function private.refuse_reuse_of_upload_id();
drop function private.refuse_reuse_of_chat_id();
drop function private.enqueue_incoming();
drop function private.enqueue_files();
drop function private.enqueue_chats();
drop table public.storage_deletions;
