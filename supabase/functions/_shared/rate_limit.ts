import { ChatArchiveError } from "@shared/errors.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient } from "@shared/rows.ts";

/** Who calls what, and how often that may be. */
export interface RateLimited {
  userId: string;
  /** Name of the function. */
  name: string;
  /** Calls a minute, and at once. */
  perMinute: number;
}

/**
 * Takes a token of the user's bucket for a function. The bucket is in the database: instances of a
 * function share nothing else.
 *
 * @param admin users may not touch their own bucket
 * @throws {ChatArchiveError} `rate_limited`, with the seconds until there is a token
 */
export async function takeToken(
  admin: ArchiveClient,
  { userId, name, perMinute }: RateLimited,
): Promise<void> {
  const wait = await query(() =>
    admin.rpc("take_rate_token", { of_user: userId, of_function: name, per_minute: perMinute })
  );
  if (wait === 0) return;
  const message = `at most ${perMinute} calls a minute: try again in ${wait} s`;
  throw new ChatArchiveError("rate_limited", message, { retryAfter: wait });
}
