-- The catalogue itself: what the linters of the platform look at, and what they don't. An extension may
-- live in public; what it brought is not ours.
begin;
create extension if not exists pgtap with schema extensions;
select plan(15);

create temporary view ours as
  select c.oid, n.nspname, c.relname
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'private') and c.relkind = 'r'
    and not exists (
      select from pg_depend d where (d.classid, d.objid, d.deptype) = ('pg_class'::regclass, c.oid, 'e')
    );

create temporary view our_functions as
  select p.oid, n.nspname, p.proname, p.prosecdef, p.proconfig
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname in ('public', 'private')
    and not exists (
      select from pg_depend d where (d.classid, d.objid, d.deptype) = ('pg_proc'::regclass, p.oid, 'e')
    );

select set_eq(
  $$ select relname::text from ours where nspname = 'public' $$,
  array['chats', 'chat_messages', 'chat_documents', 'chat_images', 'search_results', 'uploads',
        'storage_deletions', 'usage', 'quotas'],
  'the tables are those of the design'
);

select is_empty(
  $$ select o.relname from ours o join pg_class c using (oid) where not c.relrowsecurity $$,
  'every table has row level security'
);

select is_empty(
  $$ select o.relname from ours o
     where not exists (select from pg_policy p where p.polrelid = o.oid) $$,
  'every table has a policy'
);

select is_empty(
  $$ select o.relname, p.polname from ours o join pg_policy p on p.polrelid = o.oid
     where o.nspname = 'public'
       and (p.polcmd = '*' or p.polroles <> array['authenticated'::regrole::oid]) $$,
  'every policy is for one operation and for signed-in users only'
);

select is_empty(
  $$ select o.relname from ours o where obj_description(o.oid, 'pg_class') is null $$,
  'every table has a comment'
);

select is_empty(
  $$ select o.relname, a.attname from ours o join pg_attribute a on a.attrelid = o.oid
     where a.attnum > 0 and not a.attisdropped and col_description(o.oid, a.attnum) is null $$,
  'every column has a comment'
);

select is_empty(
  $$ select proname from our_functions where obj_description(oid, 'pg_proc') is null $$,
  'every function has a comment'
);

select is_empty(
  $$ select o.relname, k.conname from ours o join pg_constraint k on k.conrelid = o.oid
     where k.contype = 'f' and not exists (
       select from pg_index i
       where i.indrelid = o.oid and i.indpred is null
         and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] = k.conkey
     ) $$,
  'every foreign key has an index that begins with its columns'
);

select is_empty(
  $$ select proname from our_functions where prosecdef and nspname <> 'private' $$,
  'no function that runs with its owner''s rights is exposed'
);

select is_empty(
  $$ select proname from our_functions
     where coalesce(not 'search_path=""' = any (proconfig), true) $$,
  'every function sets an empty search_path'
);

select is_empty(
  $$ select f.proname, r.rolname from our_functions f
     cross join (values ('anon'), ('authenticated'), ('service_role')) r (rolname)
     where f.nspname = 'private' and has_function_privilege(r.rolname, f.oid, 'execute')
       and not (f.proname in ('delete_auth_user', 'has_fresh_session', 'is_migration_applied', 'attempt_key',
                                'attempt_stem', 'recount', 'tidy', 'forget_buckets')
                and r.rolname = 'service_role')
       and not (f.proname = 'renew_uploads' and r.rolname = 'authenticated')
       and not (f.proname in ('database_id', 'last_item') and r.rolname = 'service_role')
       and not (f.proname in ('is_readable_time', 'are_boxes', 'is_box', 'is_own_key', 'has_long_numbers', 'named_files',
                              'delete_uploads')
                and r.rolname in ('authenticated', 'service_role'))
       and not (f.proname in ('find_texts', 'parse_search', 'search_snippet', 'search_places',
                              'search_text', 'unspaced', 'utf16_length')
                and r.rolname = 'authenticated') $$,
  'nobody may execute a private function, but what checks of rows, saving and searching call, and '
  'service_role what needs its owner''s rights'
);

select set_eq(
  $$ select f.proname::text from our_functions f
     where f.nspname = 'public' and has_function_privilege('authenticated', f.oid, 'execute') $$,
  array['deletion_status', 'account_deletion_status', 'delete_chats_slice', 'chat_messages_page', 'history_page',
        'chat_images_page', 'search_results_page', 'export_part', 'save_messages', 'delete_messages',
        'renew_uploads', 'my_usage', 'search_archive'],
  'users may execute the functions meant for them, and no other'
);

select is_empty(
  $$ select o.relname, p.privilege from ours o
     cross join (values ('select'), ('insert'), ('update'), ('delete'), ('truncate'),
                        ('references'), ('trigger')) p (privilege)
     where has_table_privilege('anon', o.oid, p.privilege)
     union all
     select f.proname, 'execute' from our_functions f
     where has_function_privilege('anon', f.oid, 'execute') $$,
  'anon may do nothing at all'
);

select is_empty(
  $$ select o.relname, r.rolname, p.privilege from ours o
     cross join (values ('authenticated'), ('service_role')) r (rolname)
     cross join (values ('truncate'), ('references'), ('trigger')) p (privilege)
     where has_table_privilege(r.rolname, o.oid, p.privilege) $$,
  'no API role may truncate, reference or put triggers on a table'
);

-- The grant matrix, column by column. docs/access.md shows the same.
select set_eq(
  $$ select c.table_name || ' ' || lower(c.privilege_type) || ' ' || c.column_name
     from information_schema.column_privileges c
     where c.table_schema = 'public' and c.grantee = 'authenticated'
       and c.privilege_type in ('INSERT', 'UPDATE') $$,
  $$ select m.t || ' ' || m.p || ' ' || unnest(string_to_array(m.columns, ' '))
     from (values
       ('chats', 'insert', 'id title description is_archived metadata external_id created_at'),
       ('chats', 'update', 'title description is_archived metadata'),
       ('chat_messages', 'insert', 'id chat_id role content message_type parts metadata parent_id '
                                   'external_id status created_at'),
       ('chat_messages', 'update', 'content message_type parts metadata status'),
       ('chat_documents', 'update', 'name page_count metadata'),
       ('chat_images', 'update', 'description image_type message_id document_id page_number '
                                 'coords_norm'),
       ('search_results', 'insert', 'id chat_id message_id document_id block_id page_number '
                                    'block_text score coords_norm coords_px metadata created_at'),
       ('uploads', 'insert', 'id chat_id message_id document_id page_number coords_norm kind '
                             'file_name content_type file_size image_type description width '
                             'height page_count sha256 expires_in')
     ) m (t, p, columns) $$,
  'signed-in users may write these columns, and no other'
);

select * from finish();
rollback;
