/**
 * The embedded stack: database, API, bucket, functions and the worker's timer behind one address.
 *
 * @module
 */
import { join } from "node:path";
import { BEHAVIOUR_VARIABLES, BUCKET_VARIABLES } from "../supabase/functions/_shared/settings.ts";
import { createBucket, S3_PATH } from "./bucket.ts";
import { Cleanup } from "./cleanup.ts";
import { createDatabaseApi, type DatabaseApi } from "./database_api.ts";
import { type LocalDatabase, startDatabase } from "./database.ts";
import { openExternalDatabase } from "./external_database.ts";
import { type Failure, misuse } from "./failure.ts";
import { type FunctionsRuntime, startFunctions } from "./functions.ts";
import { startGateway } from "./gateway.ts";
import { startObjectServer } from "./object_server.ts";
import { createPage } from "./page.ts";
import { createTokenTranslator, type TokenTranslator } from "./patches/lite_tokens.ts";
import { assertPortIsFree, freePort } from "./ports.ts";
import { readProjectSettings } from "./project_settings.ts";
import { LOCAL_KEYS, type StackStatus } from "./status_file.ts";
import { startWorkerTimer } from "./worker_timer.ts";

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
  env: Record<string, string | undefined>;
  /** Run the worker each minute. Else it only checks the bucket, and tests call it themselves. */
  worker: boolean;
  /** What runs the functions; by default what runs the stack. */
  functionsRuntime?: FunctionsRuntime | undefined;
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

function pick(env: StackOptions["env"], names: string[]): Record<string, string> {
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

function externalBucketSettings(env: StackOptions["env"]): Record<string, string> {
  const settings = pick(env, BUCKET_VARIABLES);
  for (const name of ["S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_BUCKET"]) {
    if (!settings[name]) throw misuse(`--external-s3 needs ${name}`, "See .env.example.");
  }
  return settings;
}

/** The embedded bucket; undefined where the bucket is elsewhere. */
async function startBucket(
  { externalS3, ephemeral, dataDir }: StackOptions,
  cleanup: Cleanup,
): Promise<ReturnType<typeof createBucket> | undefined> {
  if (externalS3) return undefined;
  const objects = await startObjectServer(
    ephemeral ? undefined : join(dataDir, "bucket"),
    LOCAL_KEYS.S3_BUCKET,
  );
  cleanup.add(objects.stop);
  return createBucket(objects, {
    accessKeyId: LOCAL_KEYS.S3_PROTOCOL_ACCESS_KEY_ID,
    secretAccessKey: LOCAL_KEYS.S3_PROTOCOL_ACCESS_KEY_SECRET,
    region: LOCAL_KEYS.S3_PROTOCOL_REGION,
  });
}

function openDatabase(options: StackOptions): Promise<LocalDatabase> {
  const { dataDir, dbPort: port, ephemeral, env } = options;
  return options.externalDb
    ? openExternalDatabase(readProjectSettings(env).DATABASE_URL, dataDir)
    : startDatabase({ dataDir, port, ephemeral });
}

async function startApi(
  { adminUrl, secrets, onLost }: LocalDatabase,
  tokens: TokenTranslator,
  cleanup: Cleanup,
): Promise<DatabaseApi> {
  const api = await createDatabaseApi({
    adminUrl,
    jwtSecret: secrets.jwt_secret,
    publishableKey: LOCAL_KEYS.PUBLISHABLE_KEY,
    secretKey: LOCAL_KEYS.SECRET_KEY,
    tokens,
  });
  cleanup.add(api.close);
  onLost(api.reconnect);
  return api;
}

function statusOf(apiUrl: string, dbUrl: string, bucket: Record<string, string>): StackStatus {
  return {
    API_URL: apiUrl,
    FUNCTIONS_URL: `${apiUrl}/functions/v1`,
    DB_URL: dbUrl,
    PUBLISHABLE_KEY: LOCAL_KEYS.PUBLISHABLE_KEY,
    SECRET_KEY: LOCAL_KEYS.SECRET_KEY,
    STORAGE_S3_URL: bucket["S3_ENDPOINT"] ?? "",
    S3_PROTOCOL_ACCESS_KEY_ID: bucket["S3_ACCESS_KEY"]!,
    S3_PROTOCOL_ACCESS_KEY_SECRET: bucket["S3_SECRET_KEY"]!,
    S3_PROTOCOL_REGION: bucket["S3_REGION"] ?? "us-east-1",
    S3_BUCKET: bucket["S3_BUCKET"]!,
    PID: Deno.pid,
  };
}

async function startParts(options: StackOptions, cleanup: Cleanup): Promise<Stack> {
  if (options.port !== 0) assertPortIsFree(options.port, "--port");
  const port = options.port || freePort();
  const apiUrl = `http://127.0.0.1:${port}`;
  const bucketSettings = options.externalS3
    ? externalBucketSettings(options.env)
    : embeddedBucketSettings(apiUrl);
  // First: it locks the data folder.
  const database = await openDatabase(options);
  cleanup.add(database.stop);
  const bucket = await startBucket(options, cleanup);
  const tokens = await createTokenTranslator(database.secrets, `${apiUrl}/auth/v1`);
  const api = await startApi(database, tokens, cleanup);

  const { PUBLISHABLE_KEY, SECRET_KEY } = LOCAL_KEYS;
  const functions = await startFunctions(
    {
      ...pick(options.env, FUNCTION_VARIABLES),
      ...bucketSettings,
      SUPABASE_URL: apiUrl,
      SUPABASE_DB_URL: database.url,
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: PUBLISHABLE_KEY }),
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: SECRET_KEY }),
      SUPABASE_JWKS: JSON.stringify(tokens.jwks),
    },
    options.print,
    options.functionsRuntime,
  );
  cleanup.add(functions.stop);

  const page = createPage(join(options.dataDir, "page"), apiUrl);
  cleanup.add(page.stop);
  cleanup.add(startGateway(port, { api, functions, bucket, tokens, page }).stop);
  cleanup.add((await startWorkerTimer(apiUrl, SECRET_KEY, options.worker)).stop);
  return {
    status: statusOf(apiUrl, database.url, bucketSettings),
    failed: database.failed,
    stop: () => cleanup.run(),
  };
}

/**
 * Starts everything, or nothing.
 *
 * @throws {Failure} saying what is in the way, and what to do about it
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
