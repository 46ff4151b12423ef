/** A database's catalogue as text: two that are equal have the same schema. */
import type postgres from "postgres";

const PARTS = `
  select 'table' as part, format('%I.%I', n.nspname, c.relname) as name,
         concat_ws(' ', c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relacl::text,
                   pg_get_userbyid(c.relowner), obj_description(c.oid)) as definition
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'private') and c.relkind in ('r', 'S', 'v')
  union all
  select 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname),
         concat_ws(' ', a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                   a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attacl::text,
                   col_description(c.oid, a.attnum))
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where n.nspname in ('public', 'private') and c.relkind = 'r' and a.attnum > 0
  union all
  select 'constraint', format('%s %I', k.conrelid::regclass, k.conname), pg_get_constraintdef(k.oid)
  from pg_constraint k join pg_namespace n on n.oid = k.connamespace
  where n.nspname in ('public', 'private')
  union all
  select 'index', indexname, indexdef from pg_indexes where schemaname in ('public', 'private')
  union all
  select 'trigger', format('%s %I', t.tgrelid::regclass, t.tgname), pg_get_triggerdef(t.oid)
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'private') and not t.tgisinternal
  union all
  select 'policy', format('%s %I', p.polrelid::regclass, p.polname),
         concat_ws(' ', p.polcmd, p.polpermissive, p.polroles::regrole[]::text,
                   pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  from pg_policy p
  union all
  select 'function', p.oid::regprocedure::text,
         concat_ws(' ', pg_get_functiondef(p.oid), p.proacl::text, obj_description(p.oid))
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname in ('public', 'private') and p.prokind = 'f'
  union all
  select 'type', format('%I.%I', n.nspname, t.typname),
         concat_ws(' ', t.typtype, t.typacl::text, obj_description(t.oid),
                   (select string_agg(e.enumlabel, ',' order by e.enumsortorder)
                    from pg_enum e where e.enumtypid = t.oid))
  from pg_type t join pg_namespace n on n.oid = t.typnamespace
  where n.nspname in ('public', 'private') and t.typtype in ('e', 'd')
  union all
  select 'schema', n.nspname, concat_ws(' ', n.nspacl::text, obj_description(n.oid))
  from pg_namespace n where n.nspname in ('public', 'private')
  order by 1, 2`;

/** One line for each object, in order. */
export async function catalogueOf(sql: postgres.ISql): Promise<string[]> {
  const rows = await sql.unsafe(PARTS);
  return rows.map(({ part, name, definition }) => `${part} ${name}: ${definition}`);
}
