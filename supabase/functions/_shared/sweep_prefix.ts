import { query } from "@shared/query.ts";
import type { StorageDeletion } from "@shared/rows.ts";
import { ahead } from "./ahead.ts";
import {
  bucketCode,
  deleteObjects,
  type LiveKeys,
  liveKeys,
  outcomeOfLeft,
} from "./delete_objects.ts";
import { failpoint } from "./failpoint.ts";
import { MORE_VERSIONS } from "./object_store.ts";
import { LEASE_SECONDS, type Outcome, settle } from "./outbox.ts";
import { isLate, NOTHING, type SweepPorts, type SweepResult } from "./sweep_ports.ts";

/** Milliseconds after which a worker says that it is still at work: well within its lease. */
const RENEWAL_MS = LEASE_SECONDS * 300;

interface Page {
  keys: string[];
  live: LiveKeys;
}

/**
 * Pages of what lies below a deleted chat's prefix, each with its keys that are live. Rows that name
 * one can't be without their chat, and a key is never used again: where the chat is not there after
 * the page was listed, none of them is live, nor will be.
 */
async function* pagesOf(
  ports: SweepPorts,
  { target, chat_id }: StorageDeletion,
): AsyncGenerator<Page> {
  for await (const objects of ports.store.list(target, { hidden: true })) {
    await failpoint("sweep.listed");
    const keys = objects.map(({ key }) => key);
    const chats = await query(() => ports.admin.from("chats").select("id").eq("id", chat_id!));
    yield { keys, live: chats.length > 0 ? await liveKeys(ports, keys) : new Map() };
  }
}

/** Removes all objects below the prefix of a claimed entry, page by page, and settles the entry. */
export async function sweepPrefix(
  ports: SweepPorts,
  entry: StorageDeletion,
): Promise<SweepResult> {
  let { locked_until } = entry;
  let deleted = 0;
  let unsettled = 0;
  let error: string | undefined;
  let pause: "unfinished" | "released" | undefined;
  let exhausted = false;
  let pages = 0;
  let renewed = performance.now();
  const settleAs = async (outcome: Outcome["outcome"]) => {
    const [row] = await settle(ports.admin, [{
      id: entry.id,
      locked_until,
      outcome,
      objects_deleted: unsettled,
      ...(error ? { error } : {}),
    }]);
    unsettled = 0;
    return row;
  };
  try {
    for await (const { keys, live } of ahead(pagesOf(ports, entry))) {
      // Asked where there is more to do: a chat that is empty now is done.
      if (pages > 0 && isLate(ports)) {
        pause = "released";
        break;
      }
      const outcome = await deleteObjects(ports, keys, live);
      deleted += outcome.deleted;
      unsettled += outcome.deleted;
      if (ports.keys) ports.keys.left -= keys.length;
      pages++;
      const left = [...outcome.failed.values()];
      error ??= left.find((code) => outcomeOfLeft(code) === "failed");
      exhausted = left.some((code) => outcomeOfLeft(code) !== "failed");
      if (left.includes(MORE_VERSIONS)) pause = "unfinished";
      else if (exhausted) pause = "released";
      if (pause) break;
      if (performance.now() - renewed > RENEWAL_MS) {
        const row = await settleAs("progress");
        // Another worker has taken over while this one was paused.
        if (!row) return { ...NOTHING, claimed: 1, deleted };
        locked_until = row.locked_until;
        renewed = performance.now();
      }
    }
  } catch (thrown) {
    error = bucketCode(thrown);
  }
  await settleAs(error ? "failed" : pause ?? "done");
  return { claimed: 1, deleted, failed: error ? 1 : 0, exhausted };
}
