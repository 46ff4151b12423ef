import type { HealthResponse } from "../contracts/health.ts";
import { ChatArchiveError } from "../errors.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { functionRequest } from "./function_request.ts";
import { healthOf } from "./health.ts";
import { operate } from "./operation.ts";

/**
 * How the backend is: database, bucket and cleanup worker. Nobody needs to be signed in.
 *
 * @throws {ChatArchiveError} `database_unavailable` where it does not answer at all
 */
export function checkConnection(
  connection: Connection,
  { signal }: CallOptions = {},
): Promise<HealthResponse> {
  const facts = { operation: "checkConnection", signal, anyway: true };
  return operate(connection, facts, async ({ connection: { supabase }, request_id, limit }) => {
    const response = await functionRequest(supabase, "health", {
      method: "GET",
      headers: { "x-request-id": request_id },
      signal: limit(),
    });
    const health = await healthOf(response).catch(() => undefined);
    if (health) return health;
    throw new ChatArchiveError("database_unavailable", `health answered ${response.status}`);
  });
}
