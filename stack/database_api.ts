/**
 * `/rest/v1` and `/auth/v1`: @supabase/lite on our server, mended where it differs from the platform.
 *
 * @module
 */
import { App } from "@supabase/lite";
import { PostgresConnection } from "@supabase/lite/postgres";
import { errors } from "jose";
import type { TokenTranslator } from "./tokens.ts";

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

/** PostgREST's statuses by SQLSTATE (its documentation, "Errors"), longest match first. */
const STATUS_BY_SQLSTATE: [RegExp, number][] = [
  [/^(08|53|57P0[123])/, 503],
  [/^(23503|23505)/, 409],
  [/^(42883|42P01)/, 404],
  [/^(28|0L|0P)/, 403],
  [/^25006/, 405],
  [/^54/, 413],
  [/^P0001/, 400],
  [/^(09|25|2D|38|39|3B|40|55|57|58|F0|HV|P0|XX|42P17)/, 500],
  [/^[0-9A-Z]{5}$/, 400],
];

/** Milliseconds, as on the platform. */
const STATEMENT_TIMEOUT = 8000;

const CONNECTION_LOST =
  /^(ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|CONNECT_|CONNECTION_|08|57P0[123]|53300)/;

/** lite renders an error of this shape as it stands; the code is PostgREST's own for such errors. */
function rendered(status: number, body: Record<string, unknown>) {
  return {
    code: "PGRST",
    message: JSON.stringify(body),
    detail: JSON.stringify({ status, headers: {} }),
  };
}

class Connection extends PostgresConnection {
  /** lite answers 500 without a code where PostgREST gives the SQLSTATE. */
  override normalizeDbError(thrown: unknown): unknown {
    const error = thrown as {
      code?: unknown;
      message?: string;
      detail?: string;
      hint?: string;
    };
    if (typeof error?.code !== "string") return thrown;
    const { code, message, detail, hint } = error;
    if (CONNECTION_LOST.test(code)) {
      return rendered(503, {
        code: "PGRST001",
        message: "Database connection error. Retrying the connection.",
      });
    }
    // lite's own mapping is right for these, and depends on the role.
    if (["42501", "42P01", "42883", "42703", "PGRST"].includes(code) || /^PT\d/.test(code)) {
      return thrown;
    }
    const status = STATUS_BY_SQLSTATE.find(([pattern]) => pattern.test(code))?.[1];
    if (!status) return thrown;
    return rendered(status, { code, message, details: detail, hint });
  }
}

function createConnection(adminUrl: string): Connection {
  const connection = new Connection({
    url: adminUrl,
    postgresOptions: {
      max: 20,
      onnotice: () => {},
      connection: { application_name: "rest", statement_timeout: STATEMENT_TIMEOUT },
      types: {
        // lite hands arrays over as JSON text already, and text must not be encoded again. No column
        // or parameter of ours is a bare JSON string.
        jsonb: {
          to: 3802,
          from: [3802],
          serialize: (value: unknown) => typeof value === "string" ? value : JSON.stringify(value),
          parse: (text: string) => JSON.parse(text),
        },
        // PostgREST's format; lite passes PostgreSQL's text through.
        timestamptz: {
          to: 1184,
          from: [1184],
          serialize: (value: string) => value,
          parse: (text: string) => text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"),
        },
      },
    },
  });
  // On its first request lite grants everything on every table to the API roles, unless it believes
  // to have done so: the migrations' grants must stay as they are.
  Reflect.set(connection, "rlsState", "active");
  return connection;
}

function unauthorized(error: unknown): Response {
  const message = error instanceof errors.JWTExpired ? "JWT expired" : "No suitable key was found";
  const body = { code: "PGRST301", message, details: null, hint: null };
  return Response.json(body, {
    status: 401,
    headers: { "access-control-allow-origin": "*", "www-authenticate": "Bearer" },
  });
}

async function translateSession(response: Response, tokens: TokenTranslator): Promise<Response> {
  if (!response.headers.get("content-type")?.includes("json")) return response;
  const body = await response.json();
  for (const session of [body, body?.session]) {
    if (typeof session?.access_token === "string") {
      session.access_token = await tokens.outward(session.access_token);
    }
  }
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return Response.json(body, { status: response.status, headers });
}

/** Pool and app of one stretch between two losses of the database. */
interface Session {
  app: App;
  connection: Connection;
  /** Aborted when the pool has lost queries, which then never answer. */
  lost: AbortController;
}

/** Queries that will never answer are not waited for. */
async function endPool({ driver }: Connection): Promise<void> {
  await driver.end({ timeout: 1 });
}

async function openSession(options: DatabaseApiOptions): Promise<Session> {
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
    // The first look at the catalogue is kept; an outage then does not look like missing tables.
    const { tables } = await connection.introspect({ useCache: true });
    if (tables.length === 0) throw new Error("the catalogue could not be read");
    return { app, connection, lost: new AbortController() };
  } catch (error) {
    await endPool(connection);
    throw error;
  }
}

/** PostgREST's answer while it has no database. */
function databaseLost(): Response {
  const body = {
    code: "PGRST001",
    message: "Database connection error. Retrying the connection.",
    details: null,
    hint: null,
  };
  return Response.json(body, { status: 503, headers: { "access-control-allow-origin": "*" } });
}

/**
 * postgres.js writes to a connection on the next tick without looking whether it was closed meanwhile
 * (3.4.9, connection.js, nextWrite). Nobody can catch that error, and the query never answers.
 */
function isStrayWrite(error: unknown): boolean {
  return error instanceof TypeError &&
    /nextWrite.*postgres\/src\/connection\.js/s.test(error.stack ?? "");
}

/** Milliseconds that a request waits for a database that is coming back. */
const PATIENCE = 2000;
/** Milliseconds after which a request counts as lost: statement_timeout, and some more. */
const LONGEST = STATEMENT_TIMEOUT + 1500;

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** Starts the API on a database that has the platform's schemas. */
export async function createDatabaseApi(options: DatabaseApiOptions): Promise<DatabaseApi> {
  const { tokens } = options;
  // lite prints failing statements with their values, which are the users' messages.
  console.error = ((print) => (...data: unknown[]) => {
    if (typeof data[0] === "string") print(...data);
  })(console.error);

  let session = await openSession(options);
  let renewed: Promise<void> | undefined;
  let closing = false;

  async function renew() {
    session.lost.abort();
    await endPool(session.connection);
    while (!closing) {
      try {
        session = await openSession(options);
        return;
      } catch {
        await pause(200);
      }
    }
  }

  const reconnect = () => {
    renewed ??= renew().finally(() => renewed = undefined);
  };
  const onStrayWrite = (event: ErrorEvent) => {
    if (!isStrayWrite(event.error)) return;
    event.preventDefault();
    reconnect();
  };
  globalThis.addEventListener("error", onStrayWrite);

  async function forward(request: Request, peerAddress: string): Promise<Response> {
    if (renewed) await Promise.race([renewed, pause(PATIENCE)]);
    if (renewed) return databaseLost();
    const { app, lost } = session;
    const { promise, resolve } = Promise.withResolvers<Response>();
    const give = () => resolve(databaseLost());
    lost.signal.addEventListener("abort", give);
    // The driver can lose a query in other ways too, and then says nothing at all.
    const limit = setTimeout(reconnect, LONGEST);
    try {
      return await Promise.race([app.fetch(request, { peerAddress }), promise]);
    } finally {
      clearTimeout(limit);
      lost.signal.removeEventListener("abort", give);
    }
  }

  return {
    async fetch(request, peerAddress) {
      const bearer = request.headers.get("authorization")?.replace(/^Bearer /i, "");
      const headers = new Headers(request.headers);
      if (bearer?.startsWith("sb_")) {
        // supabase-js sends an API key twice; the platform's gateway reads `apikey`.
        headers.delete("authorization");
      } else if (bearer) {
        try {
          headers.set("authorization", `Bearer ${await tokens.inward(bearer)}`);
        } catch (error) {
          return unauthorized(error);
        }
      }
      const response = await forward(new Request(request, { headers }), peerAddress);
      const { pathname } = new URL(request.url);
      return pathname.startsWith("/auth/v1/") ? await translateSession(response, tokens) : response;
    },
    reconnect,
    async close() {
      closing = true;
      globalThis.removeEventListener("error", onStrayWrite);
      await endPool(session.connection);
    },
  };
}
