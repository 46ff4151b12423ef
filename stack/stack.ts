/**
 * The embedded stack: database, API, bucket, functions and the worker's timer behind one address.
 *
 * @module
 */
import { join } from "node:path";
import { BEHAVIOUR_VARIABLES, BUCKET_VARIABLES } from "../supabase/functions/_shared/settings.ts";
import { createBucket, S3_PATH } from "./bucket.ts";
import { createDatabaseApi } from "./database_api.ts";
import { type LocalDatabase, startDatabase } from "./database.ts";
import { openExternalDatabase } from "./external_database.ts";
import { Failure } from "./failure.ts";
import { startFunctions } from "./functions.ts";
import { startGateway } from "./gateway.ts";
import { startObjectServer } from "./object_server.ts";
import { assertPortIsFree, freePort } from "./ports.ts";
import { readProjectSettings } from "./project_settings.ts";
import { LOCAL_KEYS, type StackStatus } from "./status_file.ts";
import { startWorkerTimer } from "./worker_timer.ts";
import { createTokenTranslator } from "./tokens.ts";

/** Settings of the stack. */
export interface StackOptions {
  /** Of the gateway; 0 picks a free one. */
  port: number;
  /** Of PostgreSQL; 0 picks a free one. */
  dbPort: number;
  dataDir: string;
  /** Keep nothing: the data folder is removed at the end. */
  ephemeral: boolean;
  /** Use the bucket of S3_* instead of the embedded one. */
  externalS3: boolean;
  /** Use the database of DATABASE_URL instead of the embedded one. */
  externalDb: boolean;
  /** Where S3_*, DATABASE_URL and the settings of the functions come from. */
  env: Record<string, string>;
  /** Run the worker each minute. Tests call it themselves. */
  worker: boolean;
  /** Receives each line that the functions log. */
  print(line: string): void;
}

/** A running stack. */
export interface Stack {
  status: StackStatus;
  /** Resolves when the database can't be kept running. */
  failed: Promise<Failure>;
  stop(): Promise<void>;
}

/** Settings that change what functions do, but not which systems they talk to. */
const FUNCTION_VARIABLES = [
  ...BEHAVIOUR_VARIABLES,
  // For tests: see supabase/functions/_shared/failpoint.ts.
  "FAILPOINT_FILE",
];

function pick(env: Record<string, string>, names: string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => env[name] ? [[name, env[name]]] : []));
}

function embeddedBucketSettings(apiUrl: string): Record<string, string> {
  return {
    S3_ENDPOINT: apiUrl + S3_PATH,
    S3_ACCESS_KEY: LOCAL_KEYS.S3_PROTOCOL_ACCESS_KEY_ID,
    S3_SECRET_KEY: LOCAL_KEYS.S3_PROTOCOL_ACCESS_KEY_SECRET,
    S3_BUCKET: LOCAL_KEYS.S3_BUCKET,
    S3_REGION: LOCAL_KEYS.S3_PROTOCOL_REGION,
    S3_FORCE_PATH_STYLE: "true",
  };
}

function externalBucketSettings(env: Record<string, string>): Record<string, string> {
  const settings = pick(env, BUCKET_VARIABLES);
  for (const name of ["S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_BUCKET"]) {
    if (!settings[name]) throw new Failure(`--external-s3 needs ${name}`, "See .env.example.");
  }
  return settings;
}

/** Milliseconds that one part may take to stop. */
const STOP_LIMIT = 10_000;

/** Stops parts in the reverse order of their start, each even when another fails or hangs. */
class Cleanup {
  #steps: (() => Promise<void> | void)[] = [];
  add(step: () => Promise<void> | void) {
    this.#steps.push(step);
  }
  async run() {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error("a part did not stop in time")), STOP_LIMIT);
      });
      try {
        await Promise.race([step(), late]);
      } catch (error) {
        console.warn(`while stopping: ${error}`);
      } finally {
        clearTimeout(timer);
      }
    }
  }
}

async function startParts(options: StackOptions, cleanup: Cleanup): Promise<Stack> {
  if (options.port !== 0) assertPortIsFree(options.port, "--port");
  const port = options.port || freePort();
  const apiUrl = `http://127.0.0.1:${port}`;
  const bucketSettings = options.externalS3
    ? externalBucketSettings(options.env)
    : embeddedBucketSettings(apiUrl);

  const database: LocalDatabase = options.externalDb
    ? await openExternalDatabase(
      readProjectSettings(options.env).DATABASE_URL,
      options.dataDir,
    )
    : await startDatabase({
      dataDir: options.dataDir,
      port: options.dbPort,
      ephemeral: options.ephemeral,
    });
  cleanup.add(database.stop);

  let bucket: ReturnType<typeof createBucket> | undefined;
  if (!options.externalS3) {
    const objects = await startObjectServer(
      options.ephemeral ? undefined : join(options.dataDir, "bucket"),
      LOCAL_KEYS.S3_BUCKET,
    );
    cleanup.add(objects.stop);
    bucket = createBucket(objects, {
      accessKeyId: LOCAL_KEYS.S3_PROTOCOL_ACCESS_KEY_ID,
      secretAccessKey: LOCAL_KEYS.S3_PROTOCOL_ACCESS_KEY_SECRET,
      region: LOCAL_KEYS.S3_PROTOCOL_REGION,
    });
  }

  const { PUBLISHABLE_KEY, SECRET_KEY } = LOCAL_KEYS;
  const tokens = await createTokenTranslator(database.secrets, `${apiUrl}/auth/v1`);
  const api = await createDatabaseApi({
    adminUrl: database.adminUrl,
    jwtSecret: database.secrets.jwt_secret,
    publishableKey: PUBLISHABLE_KEY,
    secretKey: SECRET_KEY,
    tokens,
  });
  cleanup.add(api.close);
  database.onLost(api.reconnect);

  const functions = await startFunctions({
    ...pick(options.env, FUNCTION_VARIABLES),
    ...bucketSettings,
    SUPABASE_URL: apiUrl,
    SUPABASE_DB_URL: database.url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: PUBLISHABLE_KEY }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: SECRET_KEY }),
    SUPABASE_JWKS: JSON.stringify(tokens.jwks),
  }, options.print);
  cleanup.add(functions.stop);

  const gateway = startGateway(port, { api, functions, bucket, tokens });
  cleanup.add(gateway.stop);

  if (options.worker) {
    const timer = startWorkerTimer(apiUrl, SECRET_KEY);
    cleanup.add(timer.stop);
  }

  return {
    status: {
      API_URL: apiUrl,
      FUNCTIONS_URL: `${apiUrl}/functions/v1`,
      DB_URL: database.url,
      PUBLISHABLE_KEY,
      SECRET_KEY,
      STORAGE_S3_URL: bucketSettings["S3_ENDPOINT"] ?? "",
      S3_PROTOCOL_ACCESS_KEY_ID: bucketSettings["S3_ACCESS_KEY"]!,
      S3_PROTOCOL_ACCESS_KEY_SECRET: bucketSettings["S3_SECRET_KEY"]!,
      S3_PROTOCOL_REGION: bucketSettings["S3_REGION"] ?? "us-east-1",
      S3_BUCKET: bucketSettings["S3_BUCKET"]!,
      PID: Deno.pid,
    },
    failed: database.failed,
    stop: () => cleanup.run(),
  };
}

/**
 * Starts everything, or nothing.
 *
 * @throws {Failure} saying what is in the way, and how to mend it
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const cleanup = new Cleanup();
  try {
    return await startParts(options, cleanup);
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}
