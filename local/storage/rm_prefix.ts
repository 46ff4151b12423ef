import type { DeleteFailure } from "../../supabase/functions/_shared/object_store.ts";
import type { StorageCall, StorageCommand } from "./command.ts";
import { confirm } from "./confirmation.ts";
import { misuse } from "./failures.ts";
import { describeCount, describeSize } from "./sizes.ts";

/** Says what would be lost. */
async function confirmLoss(call: StorageCall, prefix: string): Promise<void> {
  if (call.yes) return;
  let count = 0;
  let bytes = 0;
  for await (const page of call.store.list(prefix)) {
    count += page.length;
    for (const { size } of page) bytes += size;
    call.terminal.show(`counting: ${describeCount(count, "object")}`);
  }
  const what = `${describeCount(count, "object")} (${describeSize(bytes)})`;
  confirm(call, `Delete ${what} below ${prefix} from bucket ${call.bucket.bucket}?`);
}

/** Deletes everything below a prefix. */
export const rmPrefix: StorageCommand = {
  help: ["rm-prefix PREFIX", "deletes every object whose key begins with PREFIX; asks first"],
  takes: [1, 1],
  async run(call) {
    const { store, positionals: [prefix = ""], json, terminal } = call;
    if (prefix === "") throw misuse("an empty prefix means the whole bucket");
    await confirmLoss(call, prefix);
    let deleted = 0;
    const failures: DeleteFailure[] = [];
    for await (const page of store.deletePrefix(prefix)) {
      deleted += page.deleted;
      failures.push(...page.failures);
      terminal.show(`deleted ${describeCount(deleted, "object")}`);
    }
    terminal.print(
      json ? JSON.stringify({ deleted, failures }) : `deleted ${describeCount(deleted, "object")}`,
    );
    for (const { key, code } of failures) terminal.note(`not deleted: ${key} (${code})`);
    return failures.length === 0 ? 0 : 1;
  },
};
