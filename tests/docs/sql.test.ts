/** Each SQL block of the documents runs: as a signed-in user, or as an operator where it says so. */
import { documents } from "../support/documents.ts";
import { asOperator } from "../support/stack.ts";
import { signUp } from "../support/users.ts";
import type postgres from "postgres";

const blocks = (await documents()).flatMap((document) => document.blocks)
  .filter(({ language, marks }) => language === "sql" && !marks.includes("account"));

class Undone extends Error {}

/** Runs work in a transaction that leaves nothing. */
async function undone(work: (tx: postgres.TransactionSql) => Promise<unknown>) {
  await asOperator((sql) =>
    sql.begin(async (tx) => {
      await work(tx);
      throw new Undone();
    }).catch((error) => {
      if (!(error instanceof Undone)) throw error;
    })
  );
}

for (const { file, line, marks, code } of blocks) {
  Deno.test(`${file}:${line} runs`, async () => {
    const user = await signUp();
    await undone(async (tx) => {
      if (!marks.includes("operator")) {
        const claims = JSON.stringify({ sub: user.id, role: "authenticated" });
        await tx`select set_config('request.jwt.claims', ${claims}, true)`;
        await tx`set local role authenticated`;
      }
      await tx.unsafe(code);
    });
  });
}
