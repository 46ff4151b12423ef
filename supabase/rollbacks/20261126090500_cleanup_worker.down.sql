-- Takes back 20261126090500_cleanup_worker. The outbox keeps its entries.
-- not data: private.cleanup_heartbeat
drop function public.requeue_storage_deletions(integer);
drop function public.rows_without_objects(text, text, text[], integer, integer);
drop function public.enqueue_orphans(jsonb, integer);
drop function public.unnamed_objects(jsonb, integer);
drop function public.cleanup_state();
drop function public.settle_storage_deletions(jsonb, integer);
drop function public.live_object_keys(text[]);
drop function public.claim_storage_deletions(integer, integer, uuid[]);
drop index public.storage_deletions_turn_idx;
drop function public.end_silent_messages(integer, integer, double precision);
drop function public.purge_receipts(integer, double precision);
drop function public.expire_uploads(integer, double precision);
drop function public.start_cleanup();
drop table private.cleanup_heartbeat;
