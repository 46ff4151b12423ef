-- Takes back 20261126090000_foundation.
drop function private.refuse_truncate();
drop function private.refuse_change();
drop function private.set_updated_at();
drop sequence private.item_seq;
drop schema private;
