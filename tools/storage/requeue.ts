import { query } from "@shared/query.ts";
import { unreachable } from "../../stack/failure.ts";
import { adminOf, requiredApi } from "./api.ts";
import type { StorageCommand } from "./command.ts";

/** Entries of one statement. */
const ENTRIES = 10_000;

/** Gives deletions that the worker gave up another try. */
export const requeue: StorageCommand = {
  usage: "requeue",
  does: ["gives deletions that the worker gave up (dead letters) another try"],
  takes: [0, 0],
  async run(call) {
    const { terminal, json } = call;
    const api = requiredApi(call);
    const admin = adminOf(api);
    let requeued = 0;
    for (let more = true; more;) {
      try {
        const some = await query(() =>
          admin.rpc("requeue_storage_deletions", { max_entries: ENTRIES })
        );
        requeued += some;
        more = some === ENTRIES;
      } catch (cause) {
        throw unreachable(
          `${api.url} does not requeue: ${(cause as Error).message}`,
          "Correct SUPABASE_URL and SUPABASE_SERVICE_KEY.",
          { cause },
        );
      }
    }
    terminal.print(
      json
        ? JSON.stringify({ requeued })
        : `requeued ${requeued.toLocaleString("en")} ${requeued === 1 ? "deletion" : "deletions"}`,
    );
    return 0;
  },
};
