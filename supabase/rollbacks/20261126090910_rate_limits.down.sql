-- Takes back 20261126090910_rate_limits.
-- not data: private.rate_buckets
drop function public.forget_rate_buckets(integer);
drop function private.forget_buckets(integer);
drop function public.take_rate_token(uuid, text, integer);
drop table private.rate_buckets;
