-- Health asks how far the database is: functions that are newer than it fail in many odd ways, and
-- operators should hear of one. Each migration after this one replaces the function.

create function public.schema_version() returns text
language sql
immutable
security invoker
set search_path = ''
as $$ select '20261122130000' $$;
comment on function public.schema_version() is
  'Version of the newest migration that is applied.';
revoke all on function public.schema_version() from public, anon, authenticated, service_role;
grant execute on function public.schema_version() to service_role;
