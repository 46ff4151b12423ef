-- Takes back 20261126090000_foundation.
drop function public.has_migration(text);
drop function private.is_migration_applied(text);
drop function private.is_own_key(text, uuid, uuid, text);
drop function private.refuse_long_numbers();
drop function private.has_long_numbers(jsonb);
drop function private.is_box(jsonb);
drop function private.are_boxes(jsonb, double precision);
drop function private.is_readable_time(timestamptz);
drop function private.refuse_truncate();
drop function private.refuse_change();
drop function private.set_updated_at();
drop sequence private.item_seq;
drop schema private;
