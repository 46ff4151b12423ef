import { misuse } from "../../stack/failure.ts";
import { confirm } from "../confirmation.ts";
import type { StorageCall, StorageCommand } from "./command.ts";
import { type DeletedPage, deletePrefix } from "./delete_prefix.ts";
import { liveKeys } from "./live_keys.ts";
import { reportDeletion } from "./rm.ts";
import { describeCount, describeSize } from "./sizes.ts";

/** Says what would be lost. */
async function confirmLoss(call: StorageCall, prefix: string): Promise<void> {
  if (call.yes) return;
  let count = 0;
  let bytes = 0;
  for await (const page of call.store.list(prefix, { hidden: true })) {
    count += page.length;
    for (const { size } of page) bytes += size;
    call.terminal.show(`counting: ${describeCount(count, "object")}`);
  }
  const what = `${describeCount(count, "object")} (${describeSize(bytes)})`;
  confirm(call, `Delete ${what} below ${prefix} from bucket ${call.bucket.bucket}?`);
}

/** Deletes everything below a prefix. */
export const rmPrefix: StorageCommand = {
  usage: "rm-prefix PREFIX [--force]",
  does: [
    "deletes every object whose key begins with PREFIX; asks first. One",
    "that a row names is kept, unless --force",
  ],
  takes: [1, 1],
  options: { force: { type: "boolean" } },
  async run(call) {
    const { store, positionals: [prefix = ""], terminal } = call;
    if (prefix === "") throw misuse("an empty prefix means the whole bucket");
    const spare = await liveKeys(call);
    await confirmLoss(call, prefix);
    const total: DeletedPage = { deleted: 0, spared: [], failures: [] };
    for await (const { deleted, spared, failures } of deletePrefix(store, prefix, spare)) {
      total.deleted += deleted;
      total.spared.push(...spared);
      total.failures.push(...failures);
      terminal.show(`deleted ${describeCount(total.deleted, "object")}`);
    }
    return reportDeletion(call, total);
  },
};
