/**
 * A database's catalogue as text: two that are equal have the same schema. What an extension brought
 * is left out.
 */
import type postgres from "postgres";

const PARTS = `
  with belongs_to_an_extension as (
    select classid, objid from pg_depend where deptype = 'e'
  ),
  relations as (
    select c.oid, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.relowner,
           format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'private') and c.relkind in ('r', 'S', 'v')
      and ('pg_class'::regclass, c.oid) not in (table belongs_to_an_extension)
  )
  select 'table' as part, r.name,
         concat_ws(' ', r.relkind, r.relrowsecurity, r.relforcerowsecurity, r.relacl::text,
                   pg_get_userbyid(r.relowner), obj_description(r.oid)) as definition
  from relations r
  union all
  select 'column', format('%s.%I', r.name, a.attname),
         concat_ws(' ', a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                   a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attacl::text,
                   col_description(r.oid, a.attnum))
  from relations r
  join pg_attribute a on a.attrelid = r.oid
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where r.relkind = 'r' and a.attnum > 0
  union all
  select 'constraint', format('%s %I', r.name, k.conname), pg_get_constraintdef(k.oid)
  from relations r join pg_constraint k on k.conrelid = r.oid
  union all
  select 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
  from relations r join pg_index i on i.indrelid = r.oid
  union all
  select 'trigger', format('%s %I', r.name, t.tgname), pg_get_triggerdef(t.oid)
  from relations r join pg_trigger t on t.tgrelid = r.oid
  where not t.tgisinternal
  union all
  select 'policy', format('%s %I', r.name, p.polname),
         concat_ws(' ', p.polcmd, p.polpermissive, p.polroles::regrole[]::text,
                   pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  from relations r join pg_policy p on p.polrelid = r.oid
  union all
  select 'function', p.oid::regprocedure::text,
         concat_ws(' ', pg_get_functiondef(p.oid), p.proacl::text, obj_description(p.oid))
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname in ('public', 'private') and p.prokind = 'f'
    and ('pg_proc'::regclass, p.oid) not in (table belongs_to_an_extension)
  union all
  select 'type', format('%I.%I', n.nspname, t.typname),
         concat_ws(' ', t.typtype, t.typacl::text, obj_description(t.oid),
                   (select string_agg(e.enumlabel, ',' order by e.enumsortorder)
                    from pg_enum e where e.enumtypid = t.oid))
  from pg_type t join pg_namespace n on n.oid = t.typnamespace
  where n.nspname in ('public', 'private') and t.typtype in ('e', 'd')
    and ('pg_type'::regclass, t.oid) not in (table belongs_to_an_extension)
  union all
  select 'schema', n.nspname, concat_ws(' ', n.nspacl::text, obj_description(n.oid))
  from pg_namespace n where n.nspname in ('public', 'private')
  order by 1, 2`;

/** One line for each object of public and private, in order. */
export async function catalogueOf(sql: postgres.ISql): Promise<string[]> {
  const rows = await sql.unsafe(PARTS);
  return rows.map(({ part, name, definition }) => `${part} ${name}: ${definition}`);
}
