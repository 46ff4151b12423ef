/**
 * `/rest/v1` and `/auth/v1`: @supabase/lite on our server. Where it differs from the platform, a file
 * of patches/ puts it right.
 *
 * @module
 */
import { App } from "@supabase/lite";
import { Connection, NO_DATABASE } from "./patches/lite_error_statuses.ts";
import { keepGrants } from "./patches/lite_grants.ts";
import { jsonb } from "./patches/lite_json_arrays.ts";
import { silenceObjects } from "./patches/lite_log.ts";
import { timestamptz } from "./patches/lite_timestamps.ts";
import type { TokenTranslator } from "./patches/lite_tokens.ts";
import { keepSession } from "./patches/postgres_lost_queries.ts";

/** What the API needs. */
export interface DatabaseApiOptions {
  adminUrl: string;
  jwtSecret: string;
  publishableKey: string;
  secretKey: string;
  tokens: TokenTranslator;
}

/** Answers requests to /rest/v1 and /auth/v1. */
export interface DatabaseApi {
  fetch(request: Request, peerAddress: string): Promise<Response>;
  /** The database has gone: answers what is under way, and connects anew as soon as it is back. */
  reconnect(): void;
  close(): Promise<void>;
}

/** As on the platform. */
const STATEMENT_TIMEOUT_MS = 8000;
/** What a request may take that is cancelled in the end, and some more. */
const REQUEST_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 1500;

/** What PostgREST listens on, too: platform.sql announces each change of the schema there. */
const RELOAD_CHANNEL = "pgrst";

/** lite and its pool. */
interface Session {
  app: App;
  connection: Connection;
}

function createConnection(adminUrl: string): Connection {
  const connection = new Connection({
    url: adminUrl,
    postgresOptions: {
      max: 20,
      onnotice: () => {},
      connection: { application_name: "rest", statement_timeout: STATEMENT_TIMEOUT_MS },
      types: { jsonb, timestamptz },
    },
  });
  keepGrants(connection);
  return connection;
}

/** Looks at the catalogue anew each time that it is called; once more for all calls in between. */
function renewal(connection: Connection): () => Promise<void> {
  let [asked, busy] = [false, false];
  return async () => {
    asked = true;
    if (busy) return;
    busy = true;
    while (asked) {
      asked = false;
      // Where the database has gone meanwhile, the next session looks anew.
      await connection.introspect().catch(() => {});
    }
    busy = false;
  };
}

async function end({ connection }: Pick<Session, "connection">): Promise<void> {
  await connection.driver.end({ timeout: 1 });
}

async function open(options: DatabaseApiOptions): Promise<Session> {
  const { adminUrl, jwtSecret, publishableKey, secretKey } = options;
  const connection = createConnection(adminUrl);
  try {
    await connection.driver`select 1`;
    const app = new App({
      connection,
      api: { schemas: ["public"], max_rows: 1000 },
      auth: {
        enabled: true,
        enable_signup: true,
        jwt_secret: jwtSecret,
        jwt_expiry: 3600,
        minimum_password_length: 8,
        publishable_key: publishableKey,
        secret_key: secretKey,
        email: { enable_signup: true, enable_confirmations: false },
      },
      options: { server: { admin: false, disableStudio: true } },
    }) as App;
    await app.init();
    await connection.driver.listen(RELOAD_CHANNEL, renewal(connection));
    // The first look at the catalogue is kept; an outage then does not look like missing tables.
    const { tables } = await connection.introspect({ useCache: true });
    if (tables.length === 0) throw new Error("the catalogue could not be read");
    return { app, connection };
  } catch (error) {
    await end({ connection });
    throw error;
  }
}

/** Starts the API on a database that has the platform's schemas. */
export async function createDatabaseApi(options: DatabaseApiOptions): Promise<DatabaseApi> {
  const { tokens } = options;
  silenceObjects();
  const { run, reconnect, close } = await keepSession<Session>({
    open: () => open(options),
    end,
    timeoutMs: REQUEST_TIMEOUT_MS,
  });
  return {
    async fetch(request, peerAddress) {
      const inside = await tokens.inward(request);
      if (inside instanceof Response) return inside;
      const response = await run(({ app }) => app.fetch(inside, { peerAddress }));
      if (!response) return Response.json(NO_DATABASE, { status: 503 });
      const { pathname } = new URL(request.url);
      return pathname.startsWith("/auth/v1/") ? await tokens.outward(response) : response;
    },
    reconnect,
    close,
  };
}
