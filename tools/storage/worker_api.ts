import type { z } from "zod";
import { EXIT, Failure, unreachable } from "../../stack/failure.ts";
import type { ProjectApi } from "./api.ts";

/** Milliseconds for one request, which works for up to 50 s. */
const REQUEST_TIMEOUT_MS = 120_000;

/**
 * Asks the worker's function for something.
 *
 * @param report what it answers with
 * @throws {Failure} where it does not, with what it said
 */
export async function callWorker<T>(
  { url, secretKey }: ProjectApi,
  body: unknown,
  report: z.ZodType<T>,
): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`${url}/functions/v1/storage-cleanup`, {
      method: "POST",
      headers: { apikey: secretKey, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  } catch (cause) {
    throw unreachable(`${url} does not answer`, "Correct SUPABASE_URL.", { cause });
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return report.parse(answer);
  throw new Failure(
    `storage-cleanup answers ${answer.code ?? response.status}: ${answer.message ?? "no message"}`,
    answer.code === "conflict" ? "Look at a dry run again." : "See the function's log.",
    { exitCode: answer.code === "conflict" ? EXIT.failed : EXIT.unreachable },
  );
}
