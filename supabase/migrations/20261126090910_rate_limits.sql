-- Rates: how often a user calls the functions that are heavy. A bucket holds as many tokens as there are
-- calls a minute, and fills up within a minute. Here, because instances of a function share nothing else.

create table private.rate_buckets (
  user_id uuid not null,
  function_name varchar(60) not null,
  tokens double precision not null,
  filled_at timestamptz not null,
  constraint rate_buckets_pkey primary key (user_id, function_name)
);
comment on table private.rate_buckets is
  'Token buckets, one a user and function, as long as they are not full. Losing them costs nothing.';
comment on column private.rate_buckets.user_id is
  'Who called. No foreign key: delete-account is asked again when the user is gone.';
comment on column private.rate_buckets.function_name is 'The function.';
comment on column private.rate_buckets.tokens is 'Calls that were left at filled_at.';
comment on column private.rate_buckets.filled_at is 'When tokens was true.';
create index rate_buckets_filled_at_idx on private.rate_buckets (filled_at);
alter table private.rate_buckets enable row level security;
-- service_role bypasses RLS; the policy says so to readers and linters.
create policy "The functions keep the buckets" on private.rate_buckets
  for all to service_role using (true) with check (true);
revoke all on table private.rate_buckets from public;
grant select, insert, update, delete on table private.rate_buckets to service_role;

create function public.take_rate_token(of_user uuid, of_function text, per_minute integer)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  left_over double precision;
begin
  -- Below zero nothing is taken: the row then says what was there.
  insert into private.rate_buckets as b (user_id, function_name, tokens, filled_at)
  values (of_user, of_function, per_minute - 1, clock_timestamp())
  on conflict on constraint rate_buckets_pkey do update
  set tokens = least(
        per_minute,
        b.tokens + per_minute / 60.0
          * greatest(0, extract(epoch from clock_timestamp() - b.filled_at))::double precision
      ) - 1,
      filled_at = greatest(b.filled_at, clock_timestamp())
  returning b.tokens into left_over;
  if left_over >= 0 then
    return 0;
  end if;
  update private.rate_buckets b set tokens = b.tokens + 1
    where b.user_id = of_user and b.function_name = of_function;
  return greatest(1, ceil(-left_over * 60 / per_minute));
end
$$;
comment on function public.take_rate_token(uuid, text, integer) is
  'Takes a token of the user''s bucket for a function. 0: taken; otherwise the seconds until there is one.';
revoke all on function public.take_rate_token(uuid, text, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.take_rate_token(uuid, text, integer) to service_role;

create function private.forget_buckets(batch integer) returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  forgotten integer;
begin
  with useless as (
    select b.user_id, b.function_name from private.rate_buckets b
    -- A minute after its last call a bucket is full.
    where b.filled_at < now() - interval '1 minute'
       or not exists (select from auth.users u where u.id = b.user_id)
    limit batch
    for update skip locked
  )
  delete from private.rate_buckets b using useless l
  where (b.user_id, b.function_name) = (l.user_id, l.function_name);
  get diagnostics forgotten = row_count;
  return forgotten;
end
$$;
comment on function private.forget_buckets(integer) is 'What forget_rate_buckets does.';
revoke all on function private.forget_buckets(integer) from public;
grant execute on function private.forget_buckets(integer) to service_role;

create function public.forget_rate_buckets(batch integer default 10000) returns integer
language sql
volatile
security invoker
set search_path = ''
as $$
  select private.forget_buckets(batch);
$$;
comment on function public.forget_rate_buckets(integer) is
  'Part of each run of the worker: forgets buckets that are full, and those of users who are gone, at most '
  'batch. Returns how many.';
revoke all on function public.forget_rate_buckets(integer)
  from public, anon, authenticated, service_role;
grant execute on function public.forget_rate_buckets(integer) to service_role;
