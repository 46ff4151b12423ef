/**
 * Patch of @supabase/lite 0.10.0: it prints statements that fail with their values, which are the
 * users' messages.
 *
 * Not reported: the package names no repository and no issue tracker.
 *
 * @module
 */

/** Lets only text through to standard error: lite prints whole objects. */
export function silenceObjects(): void {
  console.error = ((print) => (...data: unknown[]) => {
    if (typeof data[0] === "string") print(...data);
  })(console.error);
}
