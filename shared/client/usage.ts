import type { Database } from "../database.types.ts";
import { query } from "../query.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { operate } from "./operation.ts";

/** What the user holds (columns of usage) and may hold (columns of quotas). */
export type Usage = Database["public"]["Functions"]["my_usage"]["Returns"][number];

/**
 * What the signed-in user holds and may hold, as of this moment. Reservations count with objects and
 * bytes of files: `objects + reserved_objects` may reach `max_objects`.
 */
export function usage(connection: Connection, { signal }: CallOptions = {}): Promise<Usage> {
  return operate(
    connection,
    { operation: "usage", signal },
    ({ connection: { supabase }, limit }) =>
      query(() => supabase.rpc("my_usage").abortSignal(limit()).single()),
  );
}
