/**
 * The settings of the functions: read once from the environment, checked, passed in.
 *
 * @module
 */
import { z } from "zod";
import { type ContentType, EXTENSION_OF } from "@shared/object-keys.ts";
import type { LogLevels } from "./log.ts";

const choice = <const Words extends readonly string[]>(words: Words) =>
  z.enum(words, { error: `must be one of ${words.join(", ")}` });

const Flag = choice(["true", "false"]).transform((text) => text === "true");

const Whole = (max: number, min = 1) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error });
};

const Level = choice(["debug", "info", "warning", "error"]);

/** The address of a web server. */
export const Address = z.url({
  protocol: /^https?$/,
  error: "must be an address that begins with https:// or http://",
});

const ContentTypes = (allowed: ContentType[]) =>
  z.string().transform((text) => text.split(",").map((part) => part.trim()).filter(Boolean))
    .pipe(
      z.array(z.enum(allowed, { error: `must be some of ${allowed.join(", ")}` }))
        .min(1, { error: `must be some of ${allowed.join(", ")}` }),
    );

const images = (Object.keys(EXTENSION_OF) as ContentType[]).filter((t) => t.startsWith("image/"));
const documents = (Object.keys(EXTENSION_OF) as ContentType[]).filter((t) => !images.includes(t));

/**
 * MB that a request can read and hash within half of the 2 s of processor time that the platform gives it
 * (docs/benchmarks.md).
 */
const MAX_CONFIRM_MB = 100;

/** The same in bytes: what one confirm-upload reads at most. */
export const CONFIRM_BYTES = MAX_CONFIRM_MB * 1024 * 1024;

const Environment = z.object({
  USE_DATABASE: Flag.default(true),
  USE_S3_STORAGE: Flag.default(true),
  MAX_FILE_SIZE_MB: Whole(MAX_CONFIRM_MB).default(50),
  ALLOWED_IMAGE_TYPES: ContentTypes(images).default(images),
  ALLOWED_DOCUMENT_TYPES: ContentTypes(documents).default(documents),
  ALLOWED_ORIGINS: z.string().default("*")
    .transform((text) => text.split(",").map((part) => part.trim()).filter(Boolean)),
  LOG_LEVEL: Level.default("info"),
  DATABASE_LOG_LEVEL: Level.optional(),
  // S3 allows 7 days.
  S3_URL_EXPIRATION: Whole(604_800).default(3600),
  S3_UPLOAD_EXPIRATION: Whole(3600).default(900),
  MESSAGE_STREAM_TIMEOUT: Whole(86_400, 60).default(900),
  RATE_LIMIT_PER_MINUTE: Whole(100_000).default(120),
});

/** The second key, whole or not at all. */
function checkUploadKey(
  { S3_UPLOAD_ACCESS_KEY, S3_UPLOAD_SECRET_KEY }: Record<string, unknown>,
  context: z.RefinementCtx,
): void {
  const pair = { S3_UPLOAD_ACCESS_KEY, S3_UPLOAD_SECRET_KEY };
  const missing = Object.entries(pair).filter(([, value]) => value === undefined);
  if (missing.length !== 1) return;
  context.addIssue({ code: "custom", path: [missing[0]![0]], message: "belongs to the other" });
}

const Bucket = z.object({
  S3_ENDPOINT: Address.optional(),
  S3_PUBLIC_ENDPOINT: Address.optional(),
  S3_REGION: z.string().min(1).default("us-east-1"),
  S3_BUCKET: z.string().regex(/^.{3,63}$/, "must have 3 to 63 characters"),
  S3_ACCESS_KEY: z.string().min(1),
  S3_SECRET_KEY: z.string().min(1),
  S3_UPLOAD_ACCESS_KEY: z.string().min(1).optional(),
  S3_UPLOAD_SECRET_KEY: z.string().min(1).optional(),
  S3_FORCE_PATH_STYLE: Flag.default(true),
}).superRefine(checkUploadKey);

/** Variables that say what the functions do. */
export const BEHAVIOUR_VARIABLES = Object.keys(Environment.shape);
/** Variables that say where the bucket is. */
export const BUCKET_VARIABLES = Object.keys(Bucket.shape);

/** A key to a bucket. */
export interface KeyPair {
  accessKeyId: string;
  secretAccessKey: string;
}

/** Where the bucket is, and the keys to it. */
export interface BucketSettings extends KeyPair {
  /** Undefined: AWS itself, by region. */
  endpoint: string | undefined;
  /** What clients reach; signed URLs carry it. */
  publicEndpoint: string | undefined;
  region: string;
  bucket: string;
  /** PUTs of clients are signed with it, where there is one: it can do nothing else. */
  uploadKey?: KeyPair;
  forcePathStyle: boolean;
}

/** All settings of the functions. */
export interface Settings {
  useDatabase: boolean;
  /** Null where USE_S3_STORAGE is false. */
  bucket: BucketSettings | null;
  /** Bytes. */
  maxFileSize: number;
  allowedTypes: { image: ContentType[]; document: ContentType[] };
  /** Origins that browsers may call from; `*` is any. */
  allowedOrigins: string[];
  logLevels: LogLevels;
  /** Seconds that a signed GET lives. */
  downloadExpiration: number;
  /** Seconds that a signed PUT lives; the database caps it at 3600. */
  uploadExpiration: number;
  /** Seconds without a change after which a message that is streaming counts as incomplete. */
  messageStreamTimeout: number;
  /** Calls of one rate-limited function that a user has each minute. */
  rateLimitPerMinute: number;
}

/** A setting that can't be used. The message names the variable, never its value. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/**
 * Reads variables; an empty one is an unset one.
 *
 * @throws {SettingsError} naming each that is missing or wrong
 */
export function parseEnvironment<T>(
  schema: z.ZodType<T>,
  env: Record<string, string | undefined>,
): T {
  // An empty variable is an unset one: `.env` files leave them so.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  // Once in a process: compiling a parser for it would take longer than the parsing.
  const result = schema.safeParse(given, { jitless: true });
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    if (given[name] !== undefined) return `${name} ${message}`;
    return `${name} is ${env[name] === "" ? "empty" : "not set"}`;
  });
  throw new SettingsError(`bad settings: ${problems.join("; ")}`);
}

/**
 * Reads and checks S3_* alone.
 *
 * @throws {SettingsError} naming each variable that is missing or wrong
 */
export function readBucketSettings(env: Record<string, string | undefined>): BucketSettings {
  const s3 = parseEnvironment(Bucket, env);
  const { S3_UPLOAD_ACCESS_KEY: accessKeyId, S3_UPLOAD_SECRET_KEY: secretAccessKey } = s3;
  return {
    endpoint: s3.S3_ENDPOINT,
    publicEndpoint: s3.S3_PUBLIC_ENDPOINT ?? s3.S3_ENDPOINT,
    region: s3.S3_REGION,
    bucket: s3.S3_BUCKET,
    accessKeyId: s3.S3_ACCESS_KEY,
    secretAccessKey: s3.S3_SECRET_KEY,
    ...(accessKeyId && secretAccessKey ? { uploadKey: { accessKeyId, secretAccessKey } } : {}),
    forcePathStyle: s3.S3_FORCE_PATH_STYLE,
  };
}

/**
 * Reads and checks the settings.
 *
 * @param env the environment, by default the process's
 * @throws {SettingsError} naming each variable that is missing or wrong
 */
export function readSettings(
  env: Record<string, string | undefined> = Deno.env.toObject(),
): Settings {
  const main = parseEnvironment(Environment, env);
  return {
    useDatabase: main.USE_DATABASE,
    bucket: main.USE_S3_STORAGE ? readBucketSettings(env) : null,
    maxFileSize: main.MAX_FILE_SIZE_MB * 1024 * 1024,
    allowedTypes: { image: main.ALLOWED_IMAGE_TYPES, document: main.ALLOWED_DOCUMENT_TYPES },
    allowedOrigins: main.ALLOWED_ORIGINS,
    logLevels: {
      operation: main.LOG_LEVEL,
      database: main.DATABASE_LOG_LEVEL ?? main.LOG_LEVEL,
    },
    downloadExpiration: main.S3_URL_EXPIRATION,
    uploadExpiration: main.S3_UPLOAD_EXPIRATION,
    messageStreamTimeout: main.MESSAGE_STREAM_TIMEOUT,
    rateLimitPerMinute: main.RATE_LIMIT_PER_MINUTE,
  };
}
