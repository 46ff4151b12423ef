-- Takes back 20261122100000_account_deletion.
drop function public.account_deletion_status();
drop function public.delete_account_user(uuid);
drop function private.delete_auth_user(uuid);
drop function public.delete_account_slice(uuid, double precision, integer, integer);
drop function public.delete_chats_slice(uuid[], double precision, integer);
