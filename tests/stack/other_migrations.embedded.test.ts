/** A database that other migration files made is refused with a sentence, before anything is changed. */
import { join } from "node:path";
import postgres from "postgres";
import { startDatabase } from "../../stack/database.ts";
import { openExternalDatabase } from "../../stack/external_database.ts";
import { Failure } from "../../stack/failure.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { removeDataFolder } from "../support/data_folder.ts";

const HISTORY = "supabase_migrations.schema_migrations";

/** Starts on a folder, runs SQL, looks on, and stops. */
async function whileRunning(
  dataDir: string,
  script: string,
  look: (url: string) => Promise<void> = () => Promise.resolve(),
) {
  const database = await startDatabase({ dataDir, port: 0, ephemeral: false });
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(script).simple();
    await look(database.url);
  } finally {
    await sql.end();
    await database.stop();
  }
}

async function withFolder(work: (dataDir: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-other-" });
  try {
    await work(folder);
  } finally {
    await removeDataFolder(folder);
  }
}

const start = (dataDir: string) => startDatabase({ dataDir, port: 0, ephemeral: false });

Deno.test("a data folder of 0.1.0 is refused, and says what to do", async () => {
  await withFolder(async (dataDir) => {
    await whileRunning(
      dataDir,
      `delete from ${HISTORY};
       insert into ${HISTORY} (version, name) values ('20261122090000', 'foundation')`,
    );
    const message =
      "this database was made by other migration files than these: the folder lacks " +
      "20261122090000_foundation";
    const refused = await assertRejects(() => start(dataDir), Failure, message);
    assertEquals(Deno.inspect(refused).includes(`Move ${dataDir} away`), true);
    await assertRejects(() => start(dataDir), Failure, message);
  });
});

Deno.test("files that changed since they were applied are named", async () => {
  await withFolder(async (dataDir) => {
    await whileRunning(dataDir, "select 'as it was made'");
    await whileRunning(
      dataDir,
      `update ${HISTORY} set statements = statements || array['select 1'] where name = 'uploads'`,
      async (url) => {
        await assertRejects(
          () => openExternalDatabase(url, join(dataDir, "external")),
          Failure,
          "what was applied differs in 20261126090300_uploads",
        );
      },
    );
    await assertRejects(
      () => start(dataDir),
      Failure,
      "what was applied differs in 20261126090300_uploads",
    );
  });
});

Deno.test("an external database may have an application's own migrations", async () => {
  await withFolder(async (dataDir) => {
    await whileRunning(
      dataDir,
      `insert into ${HISTORY} (version, name) values ('20990101000000', 'theirs')`,
      async (url) => {
        const database = await openExternalDatabase(url, join(dataDir, "external"));
        await database.stop();
      },
    );
  });
});
