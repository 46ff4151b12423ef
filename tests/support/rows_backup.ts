/**
 * Backups of what the database knows of one user: its rows in all of our tables, and what it knows of the
 * bucket. Put back, the database is as it was, and the bucket is not.
 *
 * @module
 */
import type postgres from "postgres";

interface Table {
  name: string;
  /** Those that can be written. */
  columns: string;
  /** The condition that a row is the user's. */
  owned: string;
}

/** The tables that hold rows of users, that of Auth among them, and of the bucket. */
async function tablesOf(sql: postgres.Sql): Promise<Table[]> {
  return await sql<Table[]>`
    select format('%I.%I', n.nspname, c.relname) as name,
      string_agg(format('%I', a.attname), ', ') filter (where a.attgenerated = '') as columns,
      case
        when n.nspname = 'auth' then 'id = $1'
        when bool_or(a.attname = 'user_id') then 'user_id = $1'
        else '$1::uuid is not null'
      end as owned
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind = 'r' and (
      n.nspname in ('public', 'private') and (
        c.relname in ('bucket_counter', 'bucket_checks')
        or exists (
          select from pg_attribute u where u.attrelid = c.oid and u.attname = 'user_id'
        )
      )
      or (n.nspname, c.relname) = ('auth', 'users')
    )
    group by n.nspname, c.relname`;
}

/** Rows as they were. */
export interface RowsBackup {
  /** Puts them back, in place of those that are there. */
  restore(): Promise<void>;
}

/** Backs up the rows of a user. @param sql of a role that may switch triggers off */
export async function backUpRows(sql: postgres.Sql, userId: string): Promise<RowsBackup> {
  const tables = await tablesOf(sql);
  const rows = await sql.begin(
    "isolation level repeatable read",
    (tx) =>
      Promise.all(tables.map(async ({ name, owned }) => {
        const [row] = await tx.unsafe<[{ rows: string }]>(
          `select coalesce(json_agg(t), '[]')::text as rows from ${name} t where ${owned}`,
          [userId],
        );
        return row.rows;
      })),
  );
  return {
    async restore() {
      await sql.begin(async (tx) => {
        // As a dump is loaded: what is put back enqueues and counts nothing.
        await tx`set local session_replication_role = replica`;
        for (const [index, { name, columns, owned }] of tables.entries()) {
          await tx.unsafe(`delete from ${name} where ${owned}`, [userId]);
          await tx.unsafe(
            `insert into ${name} (${columns}) overriding system value
             select ${columns} from json_populate_recordset(null::${name}, $1::text::json)`,
            [rows[index]!],
          );
        }
      });
    },
  };
}
