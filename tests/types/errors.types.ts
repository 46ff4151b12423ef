/** Codes of errors narrow in a switch. Read by the compiler only: see types.test.ts. */
import { ChatArchiveError } from "@shared/client/mod.ts";
import type { ErrorCode } from "@shared/errors.ts";

export function advice(error: ChatArchiveError): string {
  switch (error.code) {
    case "not_found":
      return "gone";
    case "database_unavailable":
    case "database_disabled":
      return "later";
    default: {
      const rest: Exclude<
        ErrorCode,
        "not_found" | "database_unavailable" | "database_disabled"
      > = error.code;
      // @ts-expect-error -- this one was handled above
      const handled: "not_found" = error.code;
      return `${rest} ${handled}`;
    }
  }
}

export function isGone(error: unknown): boolean {
  // @ts-expect-error -- what is caught is unknown until it is narrowed
  error.code;
  return error instanceof ChatArchiveError && error.code === "not_found";
}

export function isMisspelt(error: ChatArchiveError): boolean {
  // @ts-expect-error -- there is no such code
  return error.code === "not_fuond";
}
