import { ChatArchiveError } from "../errors.ts";

/** What to throw where a chunk of the library could not be loaded. */
export function notLoaded(cause: unknown): never {
  const message = "its code can't be loaded";
  throw new ChatArchiveError("database_unavailable", message, { cause });
}
