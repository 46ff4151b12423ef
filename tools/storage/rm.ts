import type { StorageCall, StorageCommand } from "./command.ts";
import type { DeletedPage } from "./delete_prefix.ts";
import { liveKeys } from "./live_keys.ts";
import { describeCount } from "./sizes.ts";

/** Says what was deleted and what was not. @returns the exit code */
export function reportDeletion(
  { json, terminal }: Pick<StorageCall, "json" | "terminal">,
  { deleted, spared, failures }: DeletedPage,
): number {
  terminal.print(
    json
      ? JSON.stringify({ deleted, spared, failures })
      : `deleted ${describeCount(deleted, "object")}`,
  );
  for (const key of spared) terminal.note(`kept: ${key} (a row names it; --force deletes it)`);
  for (const { key, code } of failures) terminal.note(`not deleted: ${key} (${code})`);
  return spared.length + failures.length === 0 ? 0 : 1;
}

/** Deletes objects. */
export const rm: StorageCommand = {
  help: [
    "rm KEY… [--force]",
    "deletes objects; one that is missing counts as deleted, one that a",
    "row names is kept, unless --force",
  ],
  takes: [1, Infinity],
  options: { force: { type: "boolean" } },
  async run(call) {
    const { store, positionals } = call;
    const keys = [...new Set(positionals)];
    const spared = await (await liveKeys(call))(keys);
    const failures = await store.deleteMany(keys.filter((key) => !spared.has(key)));
    const deleted = keys.length - spared.size - failures.length;
    return reportDeletion(call, { deleted, spared: [...spared], failures });
  },
};
