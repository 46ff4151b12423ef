-- Takes back 20261122090500_uploads.
drop table public.uploads;
drop function private.set_upload_expiry();
