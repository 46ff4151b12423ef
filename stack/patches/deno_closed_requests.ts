/**
 * Patch of Deno 2.9: where a sender goes away before its body was read, reading it throws
 * `BadResource: Cannot read body as underlying resource unavailable`, an error like any of our own.
 *
 * Reported: https://github.com/denoland/deno/issues/27132 (the wording was improved, the error stays)
 *
 * @module
 */

/** Does an error only say that whoever sent the request has gone? Nobody is there to be answered. */
export function isSenderGone({ signal }: Request, error: unknown): boolean {
  return signal.aborted ||
    error instanceof Deno.errors.BadResource && /Cannot read (request )?body/.test(error.message);
}
