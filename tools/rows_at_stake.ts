/** What a rollback would lose. */
import type postgres from "postgres";

/** A table that would go, and what is in it. */
export interface LostTable {
  /** With its schema, quoted where needed. */
  table: string;
  rows: number;
}

/**
 * Of a rollback: rows that its migration made and that it makes again, such as a heartbeat; all of a
 * table, or those of a condition.
 */
const NOT_DATA = /^-- not data: ([\w.]+)(?: where (.+))?$/gm;

async function tablesOf(tx: postgres.ISql): Promise<Map<number, string>> {
  const rows = await tx`
    select c.oid::integer as id, format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'`;
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/**
 * Tries scripts out and takes them back, to learn which tables with rows they would drop, also by a
 * cascade. Those tables stay locked until the transaction ends, so that what is counted stays true.
 *
 * @param tx  in a transaction
 * @param run runs the scripts
 */
export async function rowsAtStake(
  tx: postgres.ISql,
  scripts: string[],
  run: () => Promise<void>,
): Promise<LostTable[]> {
  const exempt = new Map(
    scripts.flatMap((script) =>
      [...script.matchAll(NOT_DATA)].map(([, table, which]) => [table!, which ?? "true"] as const)
    ),
  );
  const before = await tablesOf(tx);
  await tx`savepoint trial`;
  await run();
  const after = await tablesOf(tx);
  await tx`rollback to savepoint trial`;
  const lost: LostTable[] = [];
  for (const [id, table] of before) {
    if (after.has(id)) continue;
    await tx.unsafe(`lock table ${table} in access exclusive mode`);
    const [{ rows }] = await tx.unsafe<[{ rows: string }]>(
      `select count(*) filter (where not (${exempt.get(table) ?? "false"})) as rows from ${table}`,
    );
    if (rows !== "0") lost.push({ table, rows: Number(rows) });
  }
  return lost;
}
