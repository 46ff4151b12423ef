-- Takes back 20261126090600_cleanup_schedule. The extensions stay: others may use them.
do $$
begin
  if to_regnamespace('cron') is not null and to_regnamespace('net') is not null
     and to_regnamespace('vault') is not null then
    perform private.unschedule_storage_cleanup();
  end if;
end
$$;
drop function private.unschedule_storage_cleanup();
drop function private.schedule_storage_cleanup(text, text);
drop function private.call_storage_cleanup();
drop function private.keep_secret(text, text, text);
drop function private.require_schedule_extensions();
