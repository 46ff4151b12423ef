-- Takes back 20261122130000_schema_version, and keeps all data.
drop function public.schema_version();
