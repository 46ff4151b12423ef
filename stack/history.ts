/**
 * Which migrations a database has, by the CLI's own history, and whether they are those of the folder.
 *
 * @module
 */
import { join } from "node:path";
import type postgres from "postgres";

/** A migration: version is the UTC timestamp that its file's name begins with. */
export interface Migration {
  version: string;
  name: string;
}

/** A migration that a database has. */
export interface AppliedMigration extends Migration {
  /** What was run, comments included; null where whatever recorded it did not say. */
  statements: string[] | null;
}

/** A database compared with a folder of migrations. All lists are the oldest first. */
export interface History {
  applied: AppliedMigration[];
  /** In the folder and not in the database. */
  pending: Migration[];
  /** In the database and not in the folder. */
  foreign: Migration[];
  /** In both, but the file says other statements than were applied. */
  changed: Migration[];
}

/** `<version>_<name>`, as the files are called. */
export const labelOf = ({ version, name }: Migration): string => `${version}_${name}`;

const fileOf = (root: string, migration: Migration) =>
  join(root, "supabase/migrations", `${labelOf(migration)}.sql`);

/** The migrations of a project. @param root folder that holds `supabase/` */
export function localMigrations(root: string): Migration[] {
  return Array.from(Deno.readDirSync(join(root, "supabase/migrations")), ({ name }) => name)
    .map((file) => /^(\d+)_(.*)\.sql$/.exec(file))
    .flatMap((match) => match ? [{ version: match[1]!, name: match[2]! }] : [])
    .toSorted((a, b) => a.version.localeCompare(b.version));
}

/** The migrations that a database has; none where it has no history, or none for this role to read. */
export async function readHistory(sql: postgres.ISql): Promise<AppliedMigration[]> {
  const readable = await sql`
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'supabase_migrations' and c.relname = 'schema_migrations'
      and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')`;
  if (readable.length === 0) return [];
  return await sql<AppliedMigration[]>`
    select version, coalesce(name, '') as name, statements
    from supabase_migrations.schema_migrations order by version`;
}

/** What counts: the CLI keeps statements without their semicolons, and comments change nothing. */
const essence = (text: string) => text.replace(/--.*$/gm, "").replace(/[\s;]+/g, "");

/** Compares a database with a project's migrations. @param root folder that holds `supabase/` */
export async function compareHistory(sql: postgres.ISql, root: string): Promise<History> {
  const local = localMigrations(root);
  const applied = await readHistory(sql);
  const byVersion = new Map(applied.map((migration) => [migration.version, migration]));
  const known = new Set(local.map(({ version }) => version));
  const isChanged = (migration: Migration) => {
    const statements = byVersion.get(migration.version)?.statements;
    if (!statements?.length) return false;
    const file = Deno.readTextFileSync(fileOf(root, migration));
    return essence(file) !== essence(statements.join("\n"));
  };
  return {
    applied,
    pending: local.filter(({ version }) => !byVersion.has(version)),
    foreign: applied.filter(({ version }) => !known.has(version)),
    changed: local.filter(isChanged),
  };
}

/** Says that a database was made by other files; undefined where it was made by these. */
export function otherFiles(
  { foreign = [], changed = [] }: {
    foreign?: Migration[] | undefined;
    changed?: Migration[] | undefined;
  },
): string | undefined {
  const reasons = [
    ...(foreign.length > 0 ? [`the folder lacks ${foreign.map(labelOf).join(", ")}`] : []),
    ...(changed.length > 0
      ? [`what was applied differs in ${changed.map(labelOf).join(", ")}`]
      : []),
  ];
  if (reasons.length === 0) return undefined;
  return `this database was made by other migration files than these: ${reasons.join("; ")}`;
}
