-- Takes back 20261122110100_export_parts.
drop function public.export_part(timestamptz, uuid, integer, integer, bigint);
