-- Takes back 20261126090800_imports_and_accounts. Chats that are still being imported stay hidden; once
-- it is applied again, the worker removes them.
drop function public.is_fresh_session(uuid, uuid, integer);
drop function private.has_fresh_session(uuid, uuid, integer);
drop function public.delete_account_user(uuid);
drop function private.delete_auth_user(uuid);
drop function public.delete_account_slice(uuid, double precision, integer, integer);
drop function public.delete_chats_slice(uuid[], double precision, integer);
drop function private.delete_uploads(uuid, integer);
drop function public.remove_stale_import();
drop function public.finish_import(uuid);
drop function public.name_import_documents(uuid, integer);
drop function public.await_import_documents(uuid, jsonb);
drop table private.import_documents;
drop function public.renew_import(uuid, integer);
drop function public.begin_import(uuid, uuid, jsonb, integer);
