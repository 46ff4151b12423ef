import { createClient } from "@supabase/supabase-js";
import type { Database } from "@shared/database.types.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { misuse } from "../../stack/failure.ts";
import { readProjectSettings } from "../../stack/project_settings.ts";
import type { StorageCall } from "./command.ts";

/** The API of a project, and the key that opens everything. */
export interface ProjectApi {
  url: string;
  secretKey: string;
}

/** The running stack's API, or that of SUPABASE_URL and SUPABASE_SERVICE_KEY, if they are set. */
export function apiOf({ stack, env }: Pick<StorageCall, "stack" | "env">): ProjectApi | undefined {
  if (stack) return { url: stack.API_URL, secretKey: stack.SECRET_KEY };
  const { SUPABASE_URL: url, SUPABASE_SERVICE_KEY: secretKey } = readProjectSettings(env);
  return url && secretKey ? { url, secretKey } : undefined;
}

/** The same, for commands that can't do without. @throws {Failure} with exit code 2 */
export function requiredApi(call: Pick<StorageCall, "stack" | "env">): ProjectApi {
  const api = apiOf(call);
  if (api) return api;
  throw misuse(
    "no API is known here",
    "Set SUPABASE_URL and SUPABASE_SERVICE_KEY, or name a running stack.",
  );
}

/** The database behind it, past row level security. */
export function adminOf({ url, secretKey }: ProjectApi): ArchiveClient {
  return createClient<Database>(url, secretKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
}
