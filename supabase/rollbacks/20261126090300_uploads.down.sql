-- Takes back 20261126090300_uploads.
drop function public.renew_uploads(uuid[], integer);
drop function private.renew_uploads(uuid[], integer);
drop table public.uploads;
drop function private.check_upload_document();
drop function private.set_upload_expiry();
