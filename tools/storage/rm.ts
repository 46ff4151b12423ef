import { eachOf } from "@shared/async.ts";
import type { StorageCall, StorageCommand } from "./command.ts";
import type { DeletedPage } from "./delete_prefix.ts";
import { liveKeys } from "./live_keys.ts";
import { describeCount } from "./sizes.ts";

/** Keys that are looked for at the same time. */
const LOOKUPS = 8;

/** Says what was deleted and what was not. @returns the exit code */
export function reportDeletion(
  { json, terminal }: Pick<StorageCall, "json" | "terminal">,
  result: DeletedPage & { missing?: string[] },
): number {
  const { deleted, spared, failures, missing = [] } = result;
  terminal.print(
    json
      ? JSON.stringify({ deleted, spared, failures, missing })
      : `deleted ${describeCount(deleted, "object")}`,
  );
  for (const key of spared) terminal.note(`kept: ${key} (a row names it; --force deletes it)`);
  for (const key of missing) terminal.note(`there is no object ${key}`);
  for (const { key, code } of failures) terminal.note(`not deleted: ${key} (${code})`);
  return spared.length + failures.length + missing.length === 0 ? 0 : 1;
}

/** Deletes objects. */
export const rm: StorageCommand = {
  usage: "rm KEY… [--force]",
  does: [
    "deletes objects, and says which are not there; one that a row names",
    "is kept, unless --force",
  ],
  takes: [1, Infinity],
  options: { force: { type: "boolean" } },
  async run(call) {
    const { store, positionals } = call;
    const keys = [...new Set(positionals)];
    const spared = await (await liveKeys(call))(keys);
    const rest = keys.filter((key) => !spared.has(key));
    const there = await eachOf(rest, LOOKUPS, async (key) => await store.head(key) !== null);
    // All of them: a bucket that keeps versions may hold some of what is not there.
    const failures = await store.deleteMany(rest);
    const missing = rest.filter((_, index) => !there[index]);
    const failed = new Set(failures.map(({ key }) => key));
    const deleted = rest.filter((key, index) => there[index] && !failed.has(key)).length;
    return reportDeletion(call, { deleted, spared: [...spared], failures, missing });
  },
};
