-- Takes back 20261126090300_uploads.
drop function public.confirm_uploads(jsonb);
drop function public.pin_uploads(jsonb);
drop table public.uploads;
drop function private.check_upload_document();
drop function private.set_upload_expiry();
