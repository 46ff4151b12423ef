/**
 * A stack that runs already, for example one of `supabase start`, as the thing that is tested.
 *
 * @module
 */
import { Failure } from "../../stack/failure.ts";
import { LOCAL_KEYS, type StackStatus } from "../../stack/status_file.ts";

/** What `supabase status -o json` tells, and what we need of it. */
const NEEDED = [
  "API_URL",
  "DB_URL",
  "PUBLISHABLE_KEY",
  "SECRET_KEY",
  "S3_PROTOCOL_ACCESS_KEY_ID",
  "S3_PROTOCOL_ACCESS_KEY_SECRET",
  "S3_PROTOCOL_REGION",
] as const;

/** Reads what `supabase status -o json` printed. @throws {Failure} naming what is missing in it */
export async function runningStack(file: string): Promise<StackStatus> {
  const told: Partial<StackStatus> = await Deno.readTextFile(file).then(JSON.parse).catch(
    (cause) => {
      throw new Failure(
        `${file} can't be read: ${cause.message}`,
        "Make it with `supabase status -o json`.",
        { cause },
      );
    },
  );
  const missing = NEEDED.filter((name) => !told[name]);
  if (missing.length > 0) {
    throw new Failure(
      `${file} lacks ${missing.join(", ")}`,
      "Make it with `supabase status -o json` while the stack runs.",
    );
  }
  const { API_URL } = told;
  return {
    FUNCTIONS_URL: `${API_URL}/functions/v1`,
    STORAGE_S3_URL: `${API_URL}/storage/v1/s3`,
    S3_BUCKET: LOCAL_KEYS.S3_BUCKET,
    ...told,
    // Whoever looks for the stack's process finds the one that runs the tests.
    PID: Deno.pid,
  } as StackStatus;
}
