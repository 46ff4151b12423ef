-- Nobody can reserve without end: at most 1,000 reservations a user are open at a time. One that is
-- confirmed makes room at once; one that is not, when the worker expires it (an hour after its URL).

create index uploads_reserved_user_id_idx on public.uploads (user_id)
  where status = 'reserved';

-- After the insert and under a lock of the user's own: whoever counts sees all reservations that
-- others have committed, so that two batches can't pass the limit side by side. It is the last lock
-- that a reservation takes, so that nobody who holds it waits for somebody who wants it.
create function private.limit_open_uploads() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  owner uuid;
  open_uploads integer;
begin
  for owner in select distinct a.user_id from added a order by a.user_id loop
    perform pg_advisory_xact_lock(hashtext('open uploads'), hashtext(owner::text));
    select count(*) into open_uploads
    from (
      select from public.uploads u where u.user_id = owner and u.status = 'reserved' limit 1001
    ) counted;
    if open_uploads > 1000 then
      -- PostgREST answers PTxyz with the HTTP status xyz.
      raise exception using
        errcode = 'PT429',
        message = 'more than 1000 uploads are reserved and not confirmed',
        hint = 'Confirm them, or wait until they expire.';
    end if;
  end loop;
  return null;
end
$$;
comment on function private.limit_open_uploads() is
  'Trigger: a user has at most 1,000 open reservations (PT429).';
revoke all on function private.limit_open_uploads() from public;

-- Named to come last: triggers of one kind run in the order of their names.
create trigger uploads_limit_open
  after insert on public.uploads
  referencing new table as added
  for each statement execute function private.limit_open_uploads();
