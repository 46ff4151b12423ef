-- Search over titles, document names, messages, image descriptions and search results.
--
-- One table of entries, kept by triggers, holds the words of all five kinds: a column beside each text
-- would be read with every row, and would be computed again each time that a streamed answer grows.
--
-- Every key of the index names its owner: `<user>.<kind>.<generation>.<word>`. What a search costs then
-- depends on the caller's own rows alone, so that neither the answer nor its time tells what others
-- wrote, and a prefix of two letters stays cheap however many users there are. A generation is 1,024
-- entries of one kind, in the order in which they were saved: reading the newest first bounds what a
-- common word costs.

-- The order is that of the results.
create type public.search_kind as enum ('title', 'document', 'message', 'image', 'search_result');
comment on type public.search_kind is
  'What a search finds: the title of a chat, the name of a document, a message, the description of an '
  'image, the text of a search result. Results come in this order.';

-- Words of a text ---------------------------------------------------------------------------------

create function private.unspaced() returns text
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  return '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]';
end
$$;
comment on function private.unspaced() is
  'Pattern of one character of the scripts that put no blanks between words, or none that matter: Thai, '
  'Lao, Burmese, Khmer, Japanese, Chinese, Korean.';
revoke all on function private.unspaced() from public;
grant execute on function private.unspaced() to authenticated;

-- The collation says what a letter is, whatever that of the database. Regular expressions, because
-- translate is slow with many characters. Marks are bounded: sorting a long run of them takes seconds.
create function private.search_text(value text) returns text
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
declare
  txt text collate pg_catalog.pg_c_utf8 := lower(left(value, 16384) collate pg_catalog.pg_c_utf8);
begin
  if octet_length(txt) > char_length(txt) then
    if txt ~ '[\u0300-\u036f\u00aa-\u00be\u2000-\u214f\u3300-\u33ff\ufb00-\ufb06\uff01-\uffef]' then
      txt := regexp_replace(txt, '([\u0300-\u036f]{4})[\u0300-\u036f]+', '\1', 'g');
      txt := regexp_replace(normalize(txt, NFKC), '[\u0300-\u036f\u00ad\u200b-\u200d\u2060]', '', 'g');
      txt := left(txt, 16384);
    end if;
    txt := replace(txt, 'ё', 'е');
    if txt ~ private.unspaced() then
      txt := regexp_replace(txt, '(' || private.unspaced() || ')', ' \1 ', 'g');
    end if;
  end if;
  return btrim(regexp_replace(txt, '[^[:alnum:]]+', ' ', 'g'));
end
$$;
comment on function private.search_text(text) is
  'The first 16,384 characters of a text as words between blanks: lower case, ё as е, no marks, no '
  'punctuation. Of scripts that put no blanks between words each character is a word.';
revoke all on function private.search_text(text) from public;
grant execute on function private.search_text(text) to authenticated;

create function private.search_words(value text) returns tsvector
language plpgsql
immutable
strict
parallel safe
set search_path = ''
set client_min_messages = warning
as $$
declare
  start constant text collate pg_catalog.pg_c_utf8 := left(value, 16384);
  txt text := private.search_text(value);
  other text := '';
  stems tsvector;
begin
  if start ~ '[[:alnum:]][-_./,:][[:alnum:]]' then
    other := (
      select string_agg(regexp_replace(m[1], '[^[:alnum:]]', '', 'g'), ' ')
      from regexp_matches(start, '[[:alnum:]]+(?:[-_./,:][[:alnum:]]+)+', 'g') m
      where char_length(m[1]) <= 40 and m[1] ~ '\d|^[^_./,:]*$'
    );
  end if;
  if start ~ '[[:lower:]\d][[:upper:]]' then
    -- Each part, and what begins with it.
    other := concat_ws(' ', other, (
      select string_agg(concat_ws(' ', p.parts[n], array_to_string(p.parts[n:], '')), ' ')
      from regexp_matches(start, '[[:alnum:]]*[[:lower:]\d][[:upper:]][[:alnum:]]*', 'g') m
      cross join lateral (
        select string_to_array(
          regexp_replace(m[1], '([[:lower:]\d])([[:upper:]])', '\1 \2', 'g'), ' '
        ) as parts
      ) p
      cross join lateral generate_series(1, least(cardinality(p.parts), 8)) n
      where char_length(m[1]) between 4 and 80
    ));
  end if;
  -- Behind the text, where they are in no phrase of it.
  if other <> '' then
    txt := txt || ' ' || private.search_text(other);
  end if;
  stems := to_tsvector('pg_catalog.russian', txt);
  -- Words as they are written, without positions, for the beginning that somebody is typing. One that
  -- is but a letter longer than its stem adds nothing: whoever types all of it has the stem, whoever
  -- types less the beginning of the stem.
  return stems || array_to_tsvector(array(
    select w from string_to_table(txt, ' ') w
    where char_length(w) between 5 and 256
      and left(w, -1) not in (select unnest(tsvector_to_array(stems)))
  ));
end
$$;
comment on function private.search_words(text) is
  'What is found of a text: its stems with their positions, its words as they are written, the parts of '
  'words likeThis, and words-with-hyphens and part numbers without what joins them.';
revoke all on function private.search_words(text) from public;

-- The index --------------------------------------------------------------------------------------

-- uuid beside the keys: a search in one chat.
create extension if not exists btree_gin with schema extensions;

-- A generation is ordinal >> 10. Of a user's id the last 48 bits: they are random in every version of uuid, and a search looks at
-- user_id besides.
create function private.search_key(
  of_user uuid, of_kind public.search_kind, generation integer, word text
)
returns text
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
begin
  return right(of_user::text, 12) || case of_kind
    when 'title' then 't' when 'document' then 'd' when 'message' then 'm' when 'image' then 'i'
    else 's' end || generation || '.' || word;
end
$$;
comment on function private.search_key(uuid, public.search_kind, integer, text) is
  'A key of the index: a word of one generation of a user''s entries.';
revoke all on function private.search_key(uuid, public.search_kind, integer, text) from public;

-- Words consist of letters and digits only, so that between two quotes there is nothing else.
create function private.search_keys(
  of_user uuid, of_kind public.search_kind, ordinal integer, words tsvector
)
returns tsvector
language plpgsql
immutable
strict
parallel safe
cost 1000
set search_path = ''
as $$
declare
  key constant text := private.search_key(of_user, of_kind, ordinal >> 10, '');
begin
  return case when words = '' then words else
    ('''' || key || substr(replace(strip(words)::text, ''' ''', ''' ''' || key), 2))::tsvector
  end;
end
$$;
comment on function private.search_keys(uuid, public.search_kind, integer, tsvector) is
  'What the index holds of an entry: each of its words as a key of its owner, kind and generation.';
revoke all on function private.search_keys(uuid, public.search_kind, integer, tsvector) from public;

create table private.search_entries (
  kind public.search_kind not null,
  id uuid not null,
  user_id uuid not null,
  chat_id uuid not null,
  ordinal integer not null,
  created_at timestamptz not null,
  words tsvector not null,
  constraint search_entries_pkey primary key (id, kind)
);
comment on table private.search_entries is
  'What search finds, one entry for each text. Kept by triggers, without foreign keys: the rows that '
  'bring an entry take it along. private.rebuild_search makes it anew.';
comment on column private.search_entries.kind is 'What the text is.';
comment on column private.search_entries.id is 'Of the row that holds the text.';
comment on column private.search_entries.user_id is 'Its owner.';
comment on column private.search_entries.chat_id is 'Its chat.';
comment on column private.search_entries.ordinal is
  'Which one of its user and kind it is, from 0, as they were saved. Two that are saved at once may share one.';
comment on column private.search_entries.created_at is 'When the text was written.';
comment on column private.search_entries.words is 'As private.search_words gives them.';

-- The newest one of a user and kind.
create index search_entries_ordinal_idx on private.search_entries (user_id, kind, ordinal desc);
alter table private.search_entries enable row level security;
-- Without a grant. Who searches calls private.find_texts, which asks the same.
create policy "Users can find their own texts" on private.search_entries
  for select to authenticated using ((select auth.uid()) = user_id);
revoke all on table private.search_entries from public;

-- Entries -----------------------------------------------------------------------------------------

create function private.keep_search_entry() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  of_kind public.search_kind;
  of_chat uuid;
  written timestamptz;
  value text;
begin
  case tg_table_name
    when 'chats' then
      of_kind := 'title'; of_chat := new.id; written := new.created_at; value := new.title;
    when 'chat_documents' then
      of_kind := 'document'; of_chat := new.chat_id; written := new.uploaded_at; value := new.name;
    when 'chat_messages' then
      of_kind := 'message'; of_chat := new.chat_id; written := new.created_at;
      if new.status <> 'streaming' then value := new.content; end if;
    when 'chat_images' then
      of_kind := 'image'; of_chat := new.chat_id; written := new.uploaded_at;
      value := new.description;
    when 'search_results' then
      of_kind := 'search_result'; of_chat := new.chat_id; written := new.created_at;
      value := new.block_text;
  end case;
  if value is null then
    if tg_op = 'UPDATE' then
      delete from private.search_entries e where e.id = new.id and e.kind = of_kind;
    end if;
    return null;
  end if;
  insert into private.search_entries (kind, id, user_id, chat_id, ordinal, created_at, words)
  values (
    of_kind, new.id, new.user_id, of_chat,
    coalesce((
      select e.ordinal + 1 from private.search_entries e
      where e.user_id = new.user_id and e.kind = of_kind
      order by e.ordinal desc limit 1
    ), 0),
    written, private.search_words(value)
  )
  on conflict (id, kind) do update
    set user_id = excluded.user_id, chat_id = excluded.chat_id, words = excluded.words;
  return null;
end
$$;
comment on function private.keep_search_entry() is
  'Trigger: the entry of a row has the words of its text. A message that is streamed has none until its '
  'writer is done, so that a growing answer costs nothing.';
revoke all on function private.keep_search_entry() from public;

-- Rows of the statement are few or many: in either case each entry is found by its key.
create function private.remove_search_entries() returns trigger
language plpgsql
security definer
set search_path = ''
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
begin
  delete from private.search_entries e using removed r
  where e.id = r.id and e.kind = case tg_table_name
    when 'chats' then 'title' when 'chat_documents' then 'document'
    when 'chat_messages' then 'message' when 'chat_images' then 'image'
    else 'search_result' end::public.search_kind;
  return null;
end
$$;
comment on function private.remove_search_entries() is
  'Trigger: entries go with the rows that hold their texts.';
revoke all on function private.remove_search_entries() from public;

create trigger chats_keep_search_entry_on_insert
  after insert on public.chats
  for each row execute function private.keep_search_entry();
create trigger chats_keep_search_entry_on_update
  after update of title on public.chats
  for each row when (old.title is distinct from new.title)
  execute function private.keep_search_entry();
create trigger chats_remove_search_entries
  after delete on public.chats
  referencing old table as removed
  for each statement execute function private.remove_search_entries();

create trigger chat_documents_keep_search_entry_on_insert
  after insert on public.chat_documents
  for each row execute function private.keep_search_entry();
create trigger chat_documents_keep_search_entry_on_update
  after update of name on public.chat_documents
  for each row when (old.name is distinct from new.name)
  execute function private.keep_search_entry();
create trigger chat_documents_remove_search_entries
  after delete on public.chat_documents
  referencing old table as removed
  for each statement execute function private.remove_search_entries();

create trigger chat_messages_keep_search_entry_on_insert
  after insert on public.chat_messages
  for each row when (new.status <> 'streaming')
  execute function private.keep_search_entry();
create trigger chat_messages_keep_search_entry_on_update
  after update of content, status on public.chat_messages
  for each row when (
    (old.status <> 'streaming' or new.status <> 'streaming')
    and (old.content is distinct from new.content
         or (old.status = 'streaming') <> (new.status = 'streaming'))
  )
  execute function private.keep_search_entry();
create trigger chat_messages_remove_search_entries
  after delete on public.chat_messages
  referencing old table as removed
  for each statement execute function private.remove_search_entries();

create trigger chat_images_keep_search_entry_on_insert
  after insert on public.chat_images
  for each row when (new.description is not null)
  execute function private.keep_search_entry();
create trigger chat_images_keep_search_entry_on_update
  after update of description on public.chat_images
  for each row when (old.description is distinct from new.description)
  execute function private.keep_search_entry();
create trigger chat_images_remove_search_entries
  after delete on public.chat_images
  referencing old table as removed
  for each statement execute function private.remove_search_entries();

create trigger search_results_keep_search_entry_on_insert
  after insert on public.search_results
  for each row when (new.block_text is not null)
  execute function private.keep_search_entry();
create trigger search_results_keep_search_entry_on_update
  after update of block_text on public.search_results
  for each row when (old.block_text is distinct from new.block_text)
  execute function private.keep_search_entry();
create trigger search_results_remove_search_entries
  after delete on public.search_results
  referencing old table as removed
  for each statement execute function private.remove_search_entries();

create function private.rebuild_search() returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
  entries bigint;
begin
  delete from private.search_entries;
  insert into private.search_entries (kind, id, user_id, chat_id, ordinal, created_at, words)
  select t.kind, t.id, t.user_id, t.chat_id,
    row_number() over (partition by t.user_id, t.kind order by t.created_at, t.seq, t.id) - 1,
    t.created_at, private.search_words(t.value)
  from (
    select 'title'::public.search_kind as kind, c.id, c.user_id, c.id as chat_id, c.created_at,
      0 as seq, c.title as value
    from public.chats c
    union all
    select 'document', d.id, d.user_id, d.chat_id, d.uploaded_at, d.seq, d.name
    from public.chat_documents d
    union all
    select 'message', m.id, m.user_id, m.chat_id, m.created_at, m.seq, m.content
    from public.chat_messages m where m.status <> 'streaming'
    union all
    select 'image', i.id, i.user_id, i.chat_id, i.uploaded_at, i.seq, i.description
    from public.chat_images i where i.description is not null
    union all
    select 'search_result', r.id, r.user_id, r.chat_id, r.created_at, r.seq, r.block_text
    from public.search_results r where r.block_text is not null
  ) t;
  get diagnostics entries = row_count;
  return entries;
end
$$;
comment on function private.rebuild_search() is
  'Makes all entries anew, for operators: after a change of what is indexed. Returns how many there are.';
revoke all on function private.rebuild_search() from public;

-- What is there already.
select private.rebuild_search();

-- Few rows wait outside of the index, because every search has to read them.
create index search_entries_keys_idx on private.search_entries
  using gin (private.search_keys(user_id, kind, ordinal, words), chat_id)
  with (gin_pending_list_limit = 256);

-- Queries -----------------------------------------------------------------------------------------

-- Words may stand in quotes, after a minus, or beside `or`. One that holds punctuation is a phrase of
-- its parts, so that paths, addresses and part numbers are found however their parts are joined.
create function private.parse_search(
  query text,
  out matching tsquery, out wanted tsquery, out any_word tsquery, out pattern text, out loose text
)
language plpgsql
immutable
set search_path = ''
set client_min_messages = warning
as $$
declare
  -- Minus, words in quotes, closing quote, word without quotes.
  pieces constant text[] := array(
    select m from regexp_matches(query, '(-?)(?:"([^"]*)("?)|([^\s"]+))', 'g') m
  );
  typing constant boolean := (query collate pg_catalog.pg_c_utf8) ~ '[[:alnum:]]$';
  no_words constant tsquery := '';
  of_group tsquery := no_words;
  wanted_of_group tsquery := no_words;
  patterns text[] := '{}';
  looser text[] := '{}';
  count integer := 0;
  raw text;
  words text[];
  joined text;
  word text;
  term tsquery;
  is_typed boolean;
begin
  matching := no_words; wanted := no_words; any_word := no_words;
  for n in 1 .. coalesce(array_length(pieces, 1), 0) loop
    if lower(pieces[n][4]) = 'or' and pieces[n][1] = '' then
      if numnode(wanted_of_group) > 0 then
        matching := matching || of_group;
        wanted := wanted || wanted_of_group;
      end if;
      of_group := no_words; wanted_of_group := no_words;
      continue;
    end if;
    raw := coalesce(pieces[n][2], pieces[n][4]);
    words := array(
      select left(w, 256) from string_to_table(private.search_text(raw), ' ') w where w <> ''
    );
    count := count + cardinality(words);
    if count > 64 then
      raise exception using
        errcode = 'invalid_parameter_value', message = 'query: at most 64 words';
    end if;
    term := phraseto_tsquery('pg_catalog.russian', array_to_string(words, ' '));
    if pieces[n][1] = '-' then
      of_group := of_group && !!term;
      continue;
    end if;
    continue when numnode(term) = 0;
    joined := null;
    if pieces[n][4] is not null and cardinality(words) between 2 and 8 then
      joined := left(array_to_string(words, ''), 256);
      term := term || plainto_tsquery('pg_catalog.russian', joined);
    end if;
    is_typed := typing and n = array_length(pieces, 1)
      and words[cardinality(words)] !~ private.unspaced();
    if is_typed then
      term := term || (
        phraseto_tsquery('pg_catalog.russian', array_to_string(trim_array(words, 1), ' '))
        && (quote_literal(words[cardinality(words)]) || ':*')::tsquery
      );
      if joined is not null then
        term := term || (quote_literal(joined) || ':*')::tsquery;
      end if;
    end if;
    of_group := of_group && term;
    wanted_of_group := wanted_of_group && term;
    -- What to mark in snippets.
    patterns := patterns || array(
      select regexp_replace(m[1], '(.)(?=.)', '\1[^[:alnum:]]*', 'g') from regexp_matches(raw, '(' || private.unspaced() || '+)', 'g') m
    );
    foreach word in array words || joined loop
      continue when word is null or word ~ private.unspaced();
      any_word := any_word || plainto_tsquery('pg_catalog.russian', word);
      if is_typed and word in (words[cardinality(words)], joined) then
        any_word := any_word || (quote_literal(word) || ':*')::tsquery;
      end if;
      looser := looser || regexp_replace(word, '(.)(?=.)', '\1[^[:alnum:]]?', 'g');
      -- Words begin with their stem, but for its last letter in English (happily, happi).
      word := (tsvector_to_array(to_tsvector('pg_catalog.russian', word)))[1];
      continue when word is null;
      patterns := patterns
        || ('(?<![[:alnum:]])' || left(word, greatest(char_length(word) - 1, 1)) || '[[:alnum:]]*');
    end loop;
  end loop;
  if numnode(wanted_of_group) > 0 then
    matching := matching || of_group;
    wanted := wanted || wanted_of_group;
  end if;
  -- Of an index a phrase is just its words.
  wanted := regexp_replace(wanted::text, '<(-|\d+)>', '&', 'g')::tsquery;
  pattern := replace(array_to_string(patterns, '|'), 'е', '[её]');
  loose := replace(array_to_string(looser, '|'), 'е', '[её]');
end
$$;
comment on function private.parse_search(text) is
  'What a query asks for: the texts that match it; the words that one of them must hold, without phrases '
  'and exclusions; each of its words; and patterns of where they may stand in a text.';
revoke all on function private.parse_search(text) from public;
grant execute on function private.parse_search(text) to authenticated;

create function private.find_texts(
  query text,
  of_chat uuid,
  kinds public.search_kind[],
  include_archived boolean,
  max_results integer,
  after text
)
returns table (
  kind public.search_kind, id uuid, chat_id uuid, rank integer, created_at timestamptz, cursor text
)
language plpgsql
stable
security definer
rows 20
set search_path = ''
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  me constant uuid := (select auth.uid());
  -- Entries that are ranked together: a window is as many of the newest generations as hold so many.
  window_size constant integer := 512;
  -- Entries with the words of the query, as many as one call looks at.
  most_looked_at constant integer := 8000;
  most constant integer := least(max_results, 100);
  importing constant uuid[] := array(select i.chat_id from private.imports i where i.user_id = me);
  -- A cursor is of one search: fingerprint, kind, first and last generation of its window, and the
  -- place of its row in that window.
  fingerprint constant text := left(md5(
    concat_ws('|', query, of_chat, array_to_string(kinds, ','), include_archived, me)
  ), 12);
  mark constant text[] := regexp_match(after,
    '^([0-9a-f]{12})\.([a-z_]+)\.(\d{1,7})\.(\d{1,7})\.(\d{1,9})\.(-?\d{1,18})'
    '\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$');
  asked record;
  of_kind public.search_kind;
  newest integer;
  oldest integer;
  keys tsquery;
  batch record;
  looked_at integer := 0;
  given integer := 0;
  added integer;
  is_marked boolean;
  ids uuid[];
  chats uuid[];
  ranks integer[];
  times bigint[];
begin
  if me is null or query is null then
    return;
  end if;
  if char_length(query) > 1000 then
    raise exception using
      errcode = 'invalid_parameter_value', message = 'query: at most 1000 characters';
  end if;
  if max_results < 1 then
    raise exception using errcode = 'invalid_parameter_value', message = 'max_results: 1 or more';
  end if;
  if after is not null and (mark is null or mark[1] <> fingerprint) then
    raise exception using
      errcode = 'invalid_parameter_value', message = 'after: must be a cursor of the same search';
  end if;
  asked := private.parse_search(query);
  if numnode(asked.wanted) = 0 then
    return;
  end if;
  foreach of_kind in array enum_range(mark[2]::public.search_kind, null) loop
    continue when not of_kind = any (coalesce(kinds, enum_range(null::public.search_kind)));
    is_marked := of_kind::text is not distinct from mark[2];
    -- A cursor is the caller's to write: never later than what is there. (least ignores null.)
    newest := (
      select least(e.ordinal >> 10, case when is_marked then mark[3]::integer end)
      from private.search_entries e
      where e.user_id = me and e.kind = of_kind
      order by e.ordinal desc limit 1
    );
    while newest >= 0 loop
      ids := '{}'; chats := '{}'; ranks := '{}'; times := '{}';
      oldest := newest;
      loop
        keys := regexp_replace(
          asked.wanted::text, '''([^'']+)''',
          '''' || private.search_key(me, of_kind, oldest, '') || '\1''', 'g'
        )::tsquery;
        select
          count(*) as looked_at,
          array_agg(v.id) filter (where v.is_match) as ids,
          array_agg(v.chat_id) filter (where v.is_match) as chats,
          array_agg((ts_rank_cd(v.words, asked.matching, 1) * 1000000)::integer)
            filter (where v.is_match) as ranks,
          array_agg((extract(epoch from v.created_at) * 1000000)::bigint)
            filter (where v.is_match) as times
        into batch
        from (
          select e.*, e.user_id = me
            and e.chat_id <> all (importing)
            and (include_archived or of_chat is not null or not (
              select c.is_archived from public.chats c where c.id = e.chat_id
            ))
            and e.words @@ asked.matching as is_match
          from (
            select s.* from private.search_entries s
            where of_chat is null
              and private.search_keys(s.user_id, s.kind, s.ordinal, s.words) @@ keys
            union all
            select s.* from private.search_entries s
            where of_chat is not null and s.chat_id = of_chat
              and private.search_keys(s.user_id, s.kind, s.ordinal, s.words) @@ keys
          ) e
          offset 0
        ) v;
        looked_at := looked_at + batch.looked_at;
        ids := ids || batch.ids; chats := chats || batch.chats;
        ranks := ranks || batch.ranks; times := times || batch.times;
        exit when oldest = 0 or looked_at >= most_looked_at;
        exit when case when is_marked then oldest <= mark[4]::integer
                       else cardinality(ids) >= window_size end;
        oldest := oldest - 1;
      end loop;
      return query
        select of_kind, f.id, f.chat_id, f.rank, timestamptz 'epoch' + f.moment * interval '1 microsecond',
          concat_ws('.', fingerprint, of_kind, newest, oldest, f.rank, f.moment, f.id)
        from unnest(ids, chats, ranks, times) f (id, chat_id, rank, moment)
        where not is_marked
          or (f.rank, f.moment, f.id) < (mark[5]::integer, mark[6]::bigint, mark[7]::uuid)
        order by f.rank desc, f.moment desc, f.id desc
        limit most - given;
      get diagnostics added = row_count;
      given := given + added;
      if given >= most or looked_at >= most_looked_at then
        return;
      end if;
      is_marked := false;
      newest := oldest - 1;
    end loop;
  end loop;
end
$$;
comment on function private.find_texts(text, uuid, public.search_kind[], boolean, integer, text) is
  'Which texts of the signed-in user, whom it finds out by itself, match a query: rank in millionths, and '
  'the cursor of each. With its owner''s rights, because under row level security a match is never looked '
  'up in an index; it gives ids, and texts are then read with the rights of the caller.';
revoke all on function private.find_texts(text, uuid, public.search_kind[], boolean, integer, text)
  from public;
grant execute on function
  private.find_texts(text, uuid, public.search_kind[], boolean, integer, text) to authenticated;

-- Snippets ----------------------------------------------------------------------------------------

create function private.utf16_length(value text) returns integer
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
begin
  return char_length(value) + case when octet_length(value) > char_length(value)
    then regexp_count(value, '[\U00010000-\U0010ffff]') else 0 end;
end
$$;
comment on function private.utf16_length(text) is
  'Length of a text as JavaScript counts it: characters beyond U+FFFF are two.';
revoke all on function private.utf16_length(text) from public;
grant execute on function private.utf16_length(text) to authenticated;

create function private.search_places(
  txt text, pattern text, any_word tsquery, verify boolean, most integer, after integer,
  out starts integer[], out ends integer[]
)
language plpgsql
immutable
set search_path = ''
set client_min_messages = warning
as $$
declare
  start integer;
  past integer := after;
  word text;
  right_words text[] := '{}';
  wrong_words text[] := '{}';
begin
  starts := '{}'; ends := '{}';
  for n in 1 .. 4 * most loop
    exit when pattern = '';
    start := regexp_instr(txt collate pg_catalog.pg_c_utf8, pattern, past, 1, 0, 'i');
    exit when start = 0;
    past := regexp_instr(txt collate pg_catalog.pg_c_utf8, pattern, past, 1, 1, 'i');
    word := substr(txt, start, past - start);
    if verify and not word = any (right_words) then
      continue when word = any (wrong_words);
      word := private.search_text(word);
      if word !~ private.unspaced() and not (
        to_tsvector('pg_catalog.russian', word)
        || array_to_tsvector(string_to_array(word, ' ')) @@ any_word
      ) then
        wrong_words := wrong_words || substr(txt, start, past - start);
        continue;
      end if;
      right_words := right_words || substr(txt, start, past - start);
    end if;
    starts := starts || start; ends := ends || past;
    exit when cardinality(starts) = most;
  end loop;
end
$$;
comment on function private.search_places(text, text, tsquery, boolean, integer, integer) is
  'Where words that are looked for stand in a text, from a character on: of each, and of no more than '
  'most, the first character, from 1, and the one after the last.';
revoke all on function private.search_places(text, text, tsquery, boolean, integer, integer)
  from public;
grant execute on function private.search_places(text, text, tsquery, boolean, integer, integer)
  to authenticated;

create function private.search_snippet(
  value text, pattern text, loose text, any_word tsquery, out snippet text, out matches jsonb
)
language plpgsql
immutable
set search_path = ''
as $$
declare
  size constant integer := 240;
  txt constant text := left(value, 16384);
  most constant integer := 12;
  -- A part of a word likeThis, or of a number with a hyphen, is found in a second attempt only.
  verify boolean := true;
  places record;
  more record;
  near integer;
  nearest integer := 0;
  first integer := 1;
  past integer := char_length(txt) + 1;
  blank integer;
begin
  places := private.search_places(txt, pattern, any_word, verify, most, 1);
  if cardinality(places.starts) = 0 then
    verify := false;
    pattern := loose;
    places := private.search_places(txt, pattern, any_word, verify, most, 1);
  end if;
  if past > size + 1 then
    -- Where most of them stand close together, with some words before.
    for n in 1 .. cardinality(places.starts) loop
      near := (
        select count(*) from unnest(places.starts) s
        where s between places.starts[n] and places.starts[n] + size * 2 / 3
      );
      if near > nearest then
        nearest := near;
        first := greatest(places.starts[n] - size / 4, 1);
      end if;
    end loop;
    past := least(first + size, past);
    -- Words that would be cut stay out.
    if first > 1 then
      blank := regexp_instr(substr(txt, first, size / 4), '\s');
      if blank > 0 then first := first + blank; end if;
    end if;
    if past <= char_length(txt) then
      past := past - coalesce(
        char_length(substring(substr(txt, past - 40, 40) from '\s\S*$')), 0
      );
    end if;
  end if;
  snippet := substr(txt, first, past - first);
  if cardinality(places.starts) = most and places.ends[most] < past then
    more := private.search_places(left(txt, past - 1), pattern, any_word, verify, 40, places.ends[most]);
    places.starts := places.starts || more.starts; places.ends := places.ends || more.ends;
  end if;
  matches := coalesce((
    select jsonb_agg(jsonb_build_array(
      private.utf16_length(left(snippet, p.start - first)),
      private.utf16_length(left(snippet, least(p.stop, past) - first))
    ) order by p.start)
    from unnest(places.starts, places.ends) p (start, stop)
    where p.start >= first and p.start < past
  ), '[]');
end
$$;
comment on function private.search_snippet(text, text, text, tsquery) is
  'A part of a text, as it is written, around words that are looked for, and where in it they stand: '
  'pairs of first and after last, in UTF-16 code units from 0.';
revoke all on function private.search_snippet(text, text, text, tsquery) from public;
grant execute on function private.search_snippet(text, text, text, tsquery) to authenticated;

-- What clients call -------------------------------------------------------------------------------

create type public.found_text as (
  kind public.search_kind,
  chat_id uuid,
  chat_title text,
  message_id uuid,
  image_id uuid,
  document_id uuid,
  search_result_id uuid,
  page_number integer,
  coords_norm jsonb,
  snippet text,
  matches jsonb,
  rank real,
  created_at timestamptz,
  cursor text
);
comment on type public.found_text is
  'What a search finds, where it is, and a part of its text: matches are pairs of offsets in snippet, in '
  'UTF-16 code units. cursor: pass it as after, and what follows is found.';

create function public.search_archive(
  query text,
  chat_id uuid default null,
  kinds public.search_kind[] default null,
  include_archived boolean default false,
  max_results integer default 20,
  after text default null
)
returns setof public.found_text
language plpgsql
stable
security invoker
rows 20
set search_path = ''
as $$
#variable_conflict use_column
declare
  -- What is refused, find_texts refuses.
  asked constant record := private.parse_search(left(search_archive.query, 1000));
begin
  return query
    with hits as materialized (
      select h.*
      from private.find_texts(
        search_archive.query, search_archive.chat_id, search_archive.kinds,
        coalesce(search_archive.include_archived, false), coalesce(search_archive.max_results, 20),
        search_archive.after
      ) with ordinality h (kind, id, chat_id, rank, created_at, cursor, n)
    )
    select h.kind, h.chat_id, c.title::text, t.message_id, t.image_id, t.document_id,
      t.search_result_id, t.page_number, t.coords_norm, s.snippet, s.matches,
      (h.rank / 1000000.0)::real, t.created_at, h.cursor
    from hits h
    join public.chats c on c.id = h.chat_id
    cross join lateral (
      select null::uuid as message_id, null::uuid as image_id, null::uuid as document_id,
        null::uuid as search_result_id, null::integer as page_number, null::jsonb as coords_norm,
        c.title::text as value, c.created_at
      where h.kind = 'title'
      union all
      select null, null, d.id, null, null, null, d.name, d.uploaded_at
      from public.chat_documents d where h.kind = 'document' and d.id = h.id
      union all
      select m.id, null, null, null, null, null, m.content, m.created_at
      from public.chat_messages m where h.kind = 'message' and m.id = h.id
      union all
      select i.message_id, i.id, i.document_id, null, i.page_number, i.coords_norm, i.description,
        i.uploaded_at
      from public.chat_images i where h.kind = 'image' and i.id = h.id
      union all
      select r.message_id, null, r.document_id, r.id, r.page_number, r.coords_norm, r.block_text,
        r.created_at
      from public.search_results r where h.kind = 'search_result' and r.id = h.id
    ) t
    cross join lateral private.search_snippet(t.value, asked.pattern, asked.loose, asked.any_word) s
    order by h.n;
end
$$;
comment on function
  public.search_archive(text, uuid, public.search_kind[], boolean, integer, text) is
  'Finds texts of the caller: websearch syntax, stems of Russian and English, prefix of the last word. '
  'At most max_results (100) rows after a cursor. Titles come first, then document names, messages, '
  'descriptions of images, search results; the best of the newest first. Archived chats only where asked.';
revoke all on function
  public.search_archive(text, uuid, public.search_kind[], boolean, integer, text)
  from public, anon, authenticated, service_role;
grant execute on function
  public.search_archive(text, uuid, public.search_kind[], boolean, integer, text) to authenticated;
