import { createClient } from "@supabase/supabase-js";
import type { Database } from "@shared/database.types.ts";
import type { Spare } from "../../supabase/functions/_shared/object_store.ts";
import { query } from "../../supabase/functions/_shared/query.ts";
import { Failure } from "../failure.ts";
import { readProjectSettings } from "../project_settings.ts";
import type { StorageCall } from "./command.ts";

/** The API that knows which keys are in use, and the key to it. */
function apiOf({ stack, env }: StorageCall): { url: string; secretKey: string } | undefined {
  if (stack) return { url: stack.API_URL, secretKey: stack.SECRET_KEY };
  const { SUPABASE_URL: url, SUPABASE_SERVICE_KEY: secretKey } = readProjectSettings(env);
  return url && secretKey ? { url, secretKey } : undefined;
}

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
  const admin = createClient<Database>(api.url, api.secretKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const spare: Spare = async (keys) => {
    try {
      const rows = await query(() => admin.rpc("live_object_keys", { keys }));
      return new Set(rows.map(({ key }) => key));
    } catch (cause) {
      throw new Failure(
        `${api.url} does not say which keys are in use: ${(cause as Error).message}`,
        "Mend SUPABASE_URL and SUPABASE_SERVICE_KEY, or add --force to delete unasked.",
        { cause },
      );
    }
  };
  // Before anybody is asked to confirm.
  await spare([]);
  return spare;
}
