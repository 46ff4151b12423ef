-- The worker's schedule: on the platform pg_cron calls storage-cleanup through pg_net each minute, with
-- address and key from the Vault. Where an extension is not to be had (the embedded stack, which has a
-- timer of its own) this migration applies all the same, and scheduling says what is missing.

do $$
declare
  -- Each with the schema that the platform keeps it in.
  wanted constant text[] := array[
    ['pg_cron', 'pg_catalog'], ['pg_net', 'extensions'], ['supabase_vault', 'vault']
  ];
  one text[];
begin
  foreach one slice 1 in array wanted loop
    continue when not exists (
      select from pg_catalog.pg_available_extensions e
      where e.name = one[1] and e.installed_version is null
    );
    begin
      if one[2] = 'vault' then create schema if not exists vault; end if;
      execute format('create extension %I with schema %I', one[1], one[2]);
    exception when others then
      -- There, but not loaded by this server, or not for this role: the schedule can wait.
      raise notice 'extension % can''t be switched on: %', one[1], sqlerrm;
    end;
  end loop;
end
$$;

create function private.require_schedule_extensions() returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  absent text;
begin
  select string_agg(w.extension, ', ' order by w.extension) into absent
  from (values ('pg_cron', 'cron'), ('pg_net', 'net'), ('supabase_vault', 'vault'))
    as w (extension, namespace)
  where to_regnamespace(w.namespace) is null;
  if absent is not null then
    raise exception using
      errcode = 'undefined_object',
      message = format('this database lacks: %s', absent),
      hint = 'Switch them on under Database → Extensions. The embedded stack needs no schedule.';
  end if;
end
$$;
comment on function private.require_schedule_extensions() is
  'Says which of pg_cron, pg_net and the Vault are missing (42704).';
revoke all on function private.require_schedule_extensions() from public;

create function private.keep_secret(secret text, secret_name text, about text) returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  known uuid;
begin
  select s.id into known from vault.secrets s where s.name = secret_name;
  if known is null then
    perform vault.create_secret(secret, secret_name, about);
  else
    perform vault.update_secret(known, secret, secret_name, about);
  end if;
end
$$;
comment on function private.keep_secret(text, text, text) is
  'Puts a secret into the Vault, in place of the one of that name.';
revoke all on function private.keep_secret(text, text, text) from public;

create function private.call_storage_cleanup() returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
  project_url text;
  secret_key text;
begin
  select s.decrypted_secret into project_url from vault.decrypted_secrets s
    where s.name = 'chat_archive_project_url';
  select s.decrypted_secret into secret_key from vault.decrypted_secrets s
    where s.name = 'chat_archive_secret_key';
  if project_url is null or secret_key is null then
    raise exception using
      errcode = 'undefined_object',
      message = 'the Vault lacks the project''s address or key',
      hint = 'Run private.schedule_storage_cleanup again.';
  end if;
  return net.http_post(
    url := project_url || '/functions/v1/storage-cleanup',
    body := '{}'::jsonb,
    headers := jsonb_build_object('content-type', 'application/json', 'apikey', secret_key),
    -- A run takes up to 50 s, and ends where its caller hangs up. pg_net's default is 5 s.
    timeout_milliseconds := 58000
  );
end
$$;
comment on function private.call_storage_cleanup() is
  'What the schedule does each minute: calls the worker, and does not wait for it.';
revoke all on function private.call_storage_cleanup() from public;

create function private.schedule_storage_cleanup(project_url text, secret_key text) returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform private.require_schedule_extensions();
  if project_url is null or project_url !~ '^https?://[^/?#\s@]+/?$' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'project_url is not the address of a project',
      hint = 'It looks like https://<ref>.supabase.co';
  end if;
  if secret_key is null or secret_key !~ '^sb_secret_[A-Za-z0-9_-]+$' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'secret_key is not a secret key',
      hint = 'It begins with sb_secret_; see Settings → API keys.';
  end if;
  perform private.keep_secret(
    rtrim(project_url, '/'), 'chat_archive_project_url', 'Where the worker of the chat archive is.'
  );
  perform private.keep_secret(
    secret_key, 'chat_archive_secret_key', 'Key that the worker of the chat archive is called with.'
  );
  -- A job of the same name is replaced.
  perform cron.schedule(
    'chat-archive-storage-cleanup', '* * * * *', 'select private.call_storage_cleanup()'
  );
  -- pg_cron keeps a line of each run for ever.
  perform cron.schedule(
    'chat-archive-schedule-history', '17 3 * * *',
    'delete from cron.job_run_details d using cron.job j where j.jobid = d.jobid '
    'and j.jobname like ''chat-archive-%'' and d.end_time < now() - interval ''7 days'''
  );
end
$$;
comment on function private.schedule_storage_cleanup(text, text) is
  'Has the worker called each minute. For operators; again with another address or key, it replaces '
  'them.';
revoke all on function private.schedule_storage_cleanup(text, text) from public;

create function private.unschedule_storage_cleanup() returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform private.require_schedule_extensions();
  perform cron.unschedule(j.jobid) from cron.job j
    where j.jobname in ('chat-archive-storage-cleanup', 'chat-archive-schedule-history');
  delete from vault.secrets s
    where s.name in ('chat_archive_project_url', 'chat_archive_secret_key');
end
$$;
comment on function private.unschedule_storage_cleanup() is
  'Takes the schedule back, and its address and key out of the Vault. For operators.';
revoke all on function private.unschedule_storage_cleanup() from public;
