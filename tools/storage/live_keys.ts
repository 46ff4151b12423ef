import { chunked } from "@shared/async.ts";
import { query } from "@shared/query.ts";
import { unreachable } from "../../stack/failure.ts";
import { adminOf, apiOf } from "./api.ts";
import type { StorageCall } from "./command.ts";
import type { Spare } from "./delete_prefix.ts";

/** The API answers with 1,000 rows at most, and says nothing of the others. A key has one or two. */
const KEYS_PER_QUERY = 400;

/**
 * Finds the keys that rows or open reservations name: the running stack's, or those of the API in
 * SUPABASE_URL and SUPABASE_SERVICE_KEY. Says so where no API is known; with --force none is asked.
 *
 * @throws {Failure} where the API is known and does not answer
 */
export async function liveKeys(call: StorageCall): Promise<Spare> {
  if (call.options["force"]) return () => Promise.resolve(new Set());
  const api = apiOf(call);
  if (!api) {
    call.terminal.note("no API is known here (SUPABASE_URL): rows that name a key do not keep it");
    return () => Promise.resolve(new Set());
  }
  const admin = adminOf(api);
  const spare: Spare = async (keys) => {
    try {
      const live = new Set<string>();
      for (const some of chunked(keys, KEYS_PER_QUERY)) {
        const rows = await query(() => admin.rpc("live_object_keys", { keys: some }));
        for (const { key } of rows) live.add(key);
      }
      return live;
    } catch (cause) {
      throw unreachable(
        `${api.url} does not say which keys are in use: ${(cause as Error).message}`,
        "Correct SUPABASE_URL and SUPABASE_SERVICE_KEY, or add --force to delete unasked.",
        { cause },
      );
    }
  };
  // Before anybody is asked to confirm.
  await spare([]);
  return spare;
}
