-- Takes back 20261122090800_cleanup_worker.
drop function public.deletion_status(uuid[]);
drop function public.cleanup_state();
drop function public.settle_storage_deletions(jsonb, integer);
drop function public.live_object_keys(text[]);
drop function public.claim_storage_deletions(integer, integer, uuid[]);
drop function public.start_cleanup(integer);
drop table private.cleanup_heartbeat;
