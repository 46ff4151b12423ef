import { delay } from "../async.ts";

/** Times that a request is sent while its answer says that it may pass. */
const ATTEMPTS = 3;
/** Before the second attempt, doubled for each further one. */
const FIRST_PAUSE_MS = 150;
/** A server that asks for a longer pause is not waited for. */
const LONGEST_PAUSE_MS = 10_000;

/**
 * Methods that are not repeated by the library: a second import makes a second chat, and after an
 * answer that was lost a second deletion would find other rows than the first one, or none.
 */
const ONCE = new Set([
  "checkConnection",
  "deleteAccount",
  "deleteDocument",
  "deleteImages",
  "deleteMessages",
  "importChat",
]);

/** Whether the requests of a method are sent again where they fail with what may pass. */
export function isRepeated(operation: string): boolean {
  return !ONCE.has(operation);
}

/** Milliseconds that an answer asks to wait (RFC 9110, Retry-After: seconds or a date). */
function askedPause(answer: Response | undefined): number | undefined {
  const text = answer?.headers.get("retry-after");
  if (!text) return undefined;
  const seconds = Number(text);
  return Math.max(0, Number.isNaN(seconds) ? Date.parse(text) - Date.now() : seconds * 1000) || 0;
}

/** Whether a request was refused because there were too many, so that nothing was done. A quota is no rate. */
async function isLimited(answer: Response): Promise<boolean> {
  return answer.status === 429 && (answer.headers.has("retry-after") ||
    (await answer.clone().text()).includes("rate_limited"));
}

/** Whether an answer may be another one a moment later. What is switched off stays so. */
async function mayPass(answer: Response): Promise<boolean> {
  const { status } = answer;
  if (status === 503) return !(await answer.clone().text()).includes("_disabled");
  return status === 502 || status === 504;
}

/**
 * Sends a request, again where it gets no answer, and up to three times where its answer may be another
 * one a moment later: with growing pauses of random length, or as long as the server asks.
 *
 * @param unanswered times that it is sent without an answer; 0: it is sent again only where it was refused
 *   because there were too many
 * @param signal ends it, also while it waits
 */
export async function repeated(
  send: () => Promise<Response>,
  unanswered: number,
  signal: AbortSignal | null | undefined,
): Promise<Response> {
  for (let attempt = 1;; attempt++) {
    let answer: Response | undefined;
    try {
      answer = await send();
      if (attempt >= ATTEMPTS) return answer;
      if (!await isLimited(answer) && !(unanswered > 0 && await mayPass(answer))) return answer;
    } catch (error) {
      if (attempt >= unanswered || signal?.aborted) throw error;
    }
    const pause = askedPause(answer) ?? FIRST_PAUSE_MS * 2 ** (attempt - 1);
    if (answer && pause > LONGEST_PAUSE_MS) return answer;
    await answer?.body?.cancel();
    // Many clients that were refused together must not come back together.
    await delay(pause * (1 + Math.random() / 2), signal ?? undefined);
  }
}
