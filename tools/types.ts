/** `deno task types`: generates shared/database.types.ts with the Supabase CLI, on a fresh database. */
import { join } from "node:path";
import { startDatabase } from "../stack/database.ts";
import { generateTypes } from "../stack/migrations.ts";
import { PROJECT_ROOT } from "../stack/supabase_cli.ts";
import { defineCommand, runCommand } from "./command.ts";

/** The command. */
export const command = defineCommand({
  name: "types",
  help: `deno task types

Applies the migrations to a fresh database of its own and writes
shared/database.types.ts as the Supabase CLI generates it, formatted.

  --help`,
  async run({ terminal }) {
    const folder = await Deno.makeTempDir({ prefix: "chat-archive-types-" });
    const database = await startDatabase({ dataDir: folder, port: 0, ephemeral: true });
    try {
      const types = await generateTypes(database.url);
      await Deno.writeTextFile(join(PROJECT_ROOT, "shared/database.types.ts"), types);
      terminal.print("wrote shared/database.types.ts");
    } finally {
      await database.stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
});

if (import.meta.main) await runCommand(command);
