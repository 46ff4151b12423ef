/**
 * Patch of @supabase/lite 0.10.0: on its first request it grants everything on every table to anon,
 * authenticated and service_role. The grants of the migrations must stay as they are.
 *
 * Not reported: the package names no repository and no issue tracker.
 *
 * @module
 */
import type { PostgresConnection } from "@supabase/lite/postgres";

/** Makes lite believe that it has made its grants already. */
export function keepGrants(connection: PostgresConnection): void {
  Reflect.set(connection, "rlsState", "active");
}
