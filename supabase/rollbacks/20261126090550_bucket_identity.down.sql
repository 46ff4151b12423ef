-- Takes back 20261126090550_bucket_identity. The marker stays in the bucket.
-- not data: private.bucket_counter
-- not data: private.bucket_checks
drop function public.raise_bucket_counter(bigint);
drop function public.last_bucket_check(text, text);
drop function public.check_bucket(text, text, jsonb);
drop function private.last_item();
drop function private.database_id();
drop table private.bucket_checks;
drop table private.bucket_counter;
