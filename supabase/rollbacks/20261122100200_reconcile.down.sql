-- Takes back 20261122100200_reconcile.
drop function public.requeue_storage_deletions(integer);
drop function public.rows_without_objects(text, text, text[], integer, integer);
drop function public.enqueue_orphans(jsonb, integer);
drop function public.unnamed_objects(jsonb, integer);
drop index public.chats_document_path_bytes_idx;
drop index public.chat_images_s3_path_bytes_idx;
