-- Takes back 20261122120000_claim_by_chat, and keeps all data.
create or replace function public.claim_storage_deletions(
  max_entries integer,
  lease_seconds integer,
  only_chats uuid[] default null
)
returns setof public.storage_deletions
language sql
volatile
security invoker
set search_path = ''
as $$
  with due as (
    select d.id from public.storage_deletions d
    where d.done_at is null and d.dead_at is null
      and (d.locked_until is null or d.locked_until < now())
      -- An owner who deletes a chat does not wait for a back-off.
      and case when only_chats is null then d.not_before <= now()
               else d.chat_id = any (only_chats) end
    order by d.not_before, d.id
    limit max_entries
    for update skip locked
  )
  update public.storage_deletions d
  set locked_until = clock_timestamp() + make_interval(secs => lease_seconds),
      -- An owner who asks again and again must not use up the worker's attempts.
      attempts = d.attempts + (only_chats is null)::integer
  from due
  where d.id = due.id
  returning d.*;
$$;
