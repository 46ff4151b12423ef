-- Takes back 20261126090460_confirmation.
drop function public.settle_confirm(uuid[], jsonb, text[]);
drop function public.confirm_uploads(jsonb);
drop function public.give_up_confirm(text[]);
drop function public.begin_confirm(uuid[]);
drop function private.attempt_key(public.uploads);
drop function private.attempt_stem(public.uploads);
