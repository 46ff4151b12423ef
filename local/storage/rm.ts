import type { StorageCommand } from "./command.ts";
import { describeCount } from "./sizes.ts";

/** Deletes objects. */
export const rm: StorageCommand = {
  help: ["rm KEY…", "deletes objects; one that is missing counts as deleted"],
  takes: [1, Infinity],
  async run({ store, positionals: keys, json, terminal }) {
    const failures = await store.deleteMany(keys);
    const deleted = keys.length - failures.length;
    terminal.print(
      json ? JSON.stringify({ deleted, failures }) : `deleted ${describeCount(deleted, "object")}`,
    );
    for (const { key, code } of failures) terminal.note(`not deleted: ${key} (${code})`);
    return failures.length === 0 ? 0 : 1;
  },
};
