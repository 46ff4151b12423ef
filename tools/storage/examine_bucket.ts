/**
 * How a bucket is set up, seen from outside where that is possible: not every S3-compatible bucket
 * tells, and not every key may ask.
 *
 * @module
 */
import type { ObjectStore } from "../../supabase/functions/_shared/object_store.ts";
import { createS3Client, loadSdk } from "../../supabase/functions/_shared/s3_client.ts";
import type { BucketSettings } from "../../supabase/functions/_shared/settings.ts";

/** What was found. */
export type Answer = "yes" | "no" | "unknown";

/** How a bucket is set up. */
export interface Examination {
  facts: {
    /** Does a delete only leave a marker? */
    keeps_versions: Answer;
    /** Can anybody list it? */
    public_list: Answer;
    /** Can anybody read an object? Unknown where it is empty. */
    public_read: Answer;
    /** May a page of the application PUT to a signed URL? */
    cors: Answer;
  };
  warnings: string[];
}

/** For one question. */
const TIMEOUT_MS = 8_000;
/** A page that nobody has allowed by name. */
const ANY_ORIGIN = "https://origin.example";

async function keepsVersions(settings: BucketSettings): Promise<Answer> {
  const { GetBucketVersioningCommand } = await loadSdk();
  const client = await createS3Client(settings, settings.endpoint, TIMEOUT_MS);
  try {
    const command = new GetBucketVersioningCommand({ Bucket: settings.bucket });
    const { Status } = await client.send(command, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
    // Suspended: what was deleted before is still there, and a delete leaves a marker.
    return Status === "Enabled" || Status === "Suspended" ? "yes" : "no";
  } catch {
    return "unknown";
  } finally {
    client.destroy();
  }
}

/** Asks without a signature. */
async function ask(url: string, init: RequestInit = {}): Promise<Response | undefined> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    return response;
  } catch {
    return undefined;
  }
}

const isOpen = (response: Response | undefined): Answer =>
  response === undefined ? "unknown" : response.ok ? "yes" : "no";

async function firstKey(store: ObjectStore): Promise<string | undefined> {
  for await (const [object] of store.list("")) return object?.key;
}

async function allowsPut(address: string, page: string): Promise<Answer> {
  const response = await ask(address, {
    method: "OPTIONS",
    headers: {
      origin: page,
      "access-control-request-method": "PUT",
      "access-control-request-headers": "content-type",
    },
  });
  if (!response) return "unknown";
  const origin = response.headers.get("access-control-allow-origin");
  return response.ok && (origin === "*" || origin === page) ? "yes" : "no";
}

/**
 * Asks the bucket, and the world's view of it. What can't be found out is unknown.
 *
 * @param origin of the pages that upload; without it any
 */
export async function examineBucket(
  settings: BucketSettings,
  store: ObjectStore,
  origin: string = ANY_ORIGIN,
): Promise<Examination> {
  const key = await firstKey(store);
  const root = store.address("").replace(/\/$/, "");
  const unknown: Answer = "unknown";
  const [keeps_versions, public_list, public_read, cors] = await Promise.all([
    keepsVersions(settings),
    ask(`${root}/?list-type=2&max-keys=1`).then(isOpen),
    key === undefined
      ? unknown
      : ask(store.address(key), { headers: { range: "bytes=0-0" } }).then(isOpen),
    allowsPut(store.address("cors-check"), origin),
  ]);
  const warnings: string[] = [];
  if (keeps_versions === "yes") {
    warnings.push(
      "the bucket keeps versions: a delete is only a marker. Switch versioning off, or expire " +
        "noncurrent versions with a lifecycle rule.",
    );
  }
  if (public_list === "yes") warnings.push("the bucket is public: anybody can list its objects");
  if (public_read === "yes") warnings.push("the bucket is public: anybody can read its objects");
  if (cors === "no") {
    warnings.push(
      `the bucket lacks CORS for ${origin === ANY_ORIGIN ? "pages of any origin" : origin}: a ` +
        "browser can upload only from origins that its rules name (see ALLOWED_ORIGINS)",
    );
  }
  return { facts: { keeps_versions, public_list, public_read, cors }, warnings };
}
