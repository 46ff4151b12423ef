import type { ArchiveClient } from "../rows.ts";
import { functionRequest } from "./function_request.ts";
import { healthOf } from "./health.ts";

/** For the question, before the operation goes on without an answer. */
const TIMEOUT_MS = 3000;
/** After it, "no database" is asked again. */
const NO_IS_KEPT_MS = 30_000;

/** @returns undefined where nobody answers */
async function ask(supabase: ArchiveClient): Promise<boolean | undefined> {
  try {
    const response = await functionRequest(supabase, "health", {
      method: "GET",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return (await healthOf(response))?.checks.database.status !== "disabled";
  } catch {
    return undefined;
  }
}

/**
 * Whether the deployment keeps rows. PostgREST would take them even where USE_DATABASE is false, so
 * the library has to know.
 *
 * @param known the answer, where the application has it
 */
export function createDatabaseSwitch(
  supabase: ArchiveClient,
  known: boolean | undefined,
): () => Promise<boolean> {
  if (known !== undefined) return () => Promise.resolve(known);
  let last: { answer: Promise<boolean | undefined>; at: number } | undefined;
  return async () => {
    last ??= { answer: ask(supabase), at: Date.now() };
    const { answer: asked, at } = last;
    const answer = await asked;
    // Without an answer the operation itself finds out what is wrong, and the next one asks again.
    if (answer === undefined || (!answer && Date.now() - at > NO_IS_KEPT_MS)) last = undefined;
    return answer ?? true;
  };
}
