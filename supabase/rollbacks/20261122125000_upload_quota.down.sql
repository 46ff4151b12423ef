-- Takes back 20261122125000_upload_quota.
drop trigger uploads_limit_open on public.uploads;
drop function private.limit_open_uploads();
drop index public.uploads_reserved_user_id_idx;
