/**
 * Database sessions of a signed-in user, several at the same time: what the API's connections do, without
 * its queue in between.
 *
 * @module
 */
import postgres from "postgres";
import { stack } from "./stack.ts";

/** A session; each transaction has the user's rights and role. */
export interface Session {
  /** Runs work in a transaction. */
  begin<T>(work: (tx: postgres.TransactionSql) => Promise<T>): Promise<T>;
}

/** Opens sessions of a user, and ends them after the work. */
export async function withSessions<T>(
  user: { id: string },
  count: number,
  work: (...sessions: Session[]) => Promise<T>,
): Promise<T> {
  const claims = JSON.stringify({ sub: user.id, role: "authenticated" });
  const connections = Array.from(
    { length: count },
    () => postgres(stack.DB_URL, { max: 1, onnotice: () => {} }),
  );
  try {
    return await work(...connections.map((sql): Session => ({
      begin: <T>(work: (tx: postgres.TransactionSql) => Promise<T>) =>
        sql.begin(async (tx) => {
          await tx`select set_config('request.jwt.claims', ${claims}, true)`;
          await tx`set local role authenticated`;
          return await work(tx);
        }) as Promise<T>,
    })));
  } finally {
    await Promise.all(connections.map((sql) => sql.end()));
  }
}

/** Numbers from 0 to 1 that are the same in each run. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    // A linear congruence, with the constants of Numerical Recipes.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
