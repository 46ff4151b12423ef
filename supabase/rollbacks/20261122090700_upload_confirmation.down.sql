-- Takes back 20261122090700_upload_confirmation.
drop function public.confirm_uploads(jsonb);
drop function public.pin_uploads(jsonb);
