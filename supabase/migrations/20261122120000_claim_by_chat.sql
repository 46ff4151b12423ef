-- A condition that stood for both ways of claiming could use neither index: each delete-chat looked at
-- every open entry of every user.

create or replace function public.claim_storage_deletions(
  max_entries integer,
  lease_seconds integer,
  only_chats uuid[] default null
)
returns setof public.storage_deletions
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  due uuid[];
begin
  if only_chats is null then
    due := array(
      select d.id from public.storage_deletions d
      where d.done_at is null and d.dead_at is null and d.not_before <= now()
        and (d.locked_until is null or d.locked_until < now())
      order by d.not_before, d.id
      limit max_entries
      for update skip locked
    );
  else
    -- An owner who deletes a chat does not wait for a back-off.
    due := array(
      select d.id from public.storage_deletions d
      where d.chat_id = any (only_chats) and d.done_at is null and d.dead_at is null
        and (d.locked_until is null or d.locked_until < now())
      order by d.not_before, d.id
      limit max_entries
      for update skip locked
    );
  end if;
  return query
    update public.storage_deletions d
    set locked_until = clock_timestamp() + make_interval(secs => lease_seconds),
        -- An owner who asks again and again must not use up the worker's attempts.
        attempts = d.attempts + (only_chats is null)::integer
    where d.id = any (due)
    returning d.*;
end
$$;
