/** `deno task types`: generates shared/database.types.ts with the Supabase CLI, on a fresh database. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startDatabase } from "../stack/database.ts";
import { PROJECT_ROOT } from "../stack/supabase_cli.ts";
import { generateTypes } from "../stack/migrations.ts";
import { runTool } from "./tool.ts";

const HELP = `deno task types

Applies the migrations to a fresh database of its own and writes
shared/database.types.ts as the Supabase CLI generates it, formatted.`;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { help: { type: "boolean", short: "h" } } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-types-" });
  const database = await startDatabase({ dataDir: folder, port: 0, ephemeral: true });
  try {
    const types = await generateTypes(database.url);
    await Deno.writeTextFile(join(PROJECT_ROOT, "shared/database.types.ts"), types);
    console.log("wrote shared/database.types.ts");
    return 0;
  } finally {
    await database.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) await runTool("types", main);
