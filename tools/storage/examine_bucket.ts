/**
 * How a bucket is set up, tried out with objects of the check's own: not every S3-compatible bucket tells,
 * and not every key may ask.
 *
 * @module
 */
import type { S3Client } from "@aws-sdk/client-s3";
import type { ObjectStore } from "../../supabase/functions/_shared/object_store.ts";
import { createS3Client } from "../../supabase/functions/_shared/s3_client.ts";
import { keepsVersions } from "../../supabase/functions/_shared/s3_versions.ts";
import type { BucketSettings } from "../../supabase/functions/_shared/settings.ts";
import {
  allowsPut,
  type Answer,
  isListed,
  isPublic,
  QUESTION_TIMEOUT_MS,
} from "./examine_bucket_access.ts";
import { dropsHeaders } from "./examine_bucket_copies.ts";
import { removeProbes } from "./examine_bucket_cleanup.ts";
import { type Question, QUESTIONS, warningOf } from "./examine_bucket_findings.ts";
import {
  copiesByHeader,
  honoursCopyConditions,
  honoursReadConditions,
  publishesByHeader,
  refusedTypes,
  storesUploads,
} from "./examine_bucket_headers.ts";

/** How a bucket is set up. */
export interface Examination {
  facts: Record<Question, Answer>;
  /** Of the content types asked for. */
  refused_types: string[];
  warnings: string[];
}

/** What the application will do with the bucket. */
export interface Intended {
  /** Origin of the pages that upload; undefined: any. */
  origin: string | undefined;
  /** Content types that users may upload, at least one. */
  types: string[];
}

/** A page that no rule allows by name. */
const ANY_ORIGIN = "https://origin.example";

async function tryOut(
  store: ObjectStore,
  client: S3Client,
  bucket: string,
  prefix: string,
  { origin = ANY_ORIGIN, types }: Intended,
) {
  // As deep as those of uploads: a key for them that can write nowhere else must do.
  const incoming = `${prefix}chat/incoming/`;
  const refused = await refusedTypes(store, incoming, types);
  // All: it is not the types. Whether uploads work is a question of its own.
  const refused_types = refused.length === types.length ? [] : refused;
  const contentType = types.find((type) => !refused_types.includes(type)) ?? types[0]!;
  const bytes = crypto.getRandomValues(new Uint8Array(64));
  const probe = { key: `${prefix}probe`, bytes, contentType };
  await store.put({ key: probe.key, body: bytes, size: bytes.length, contentType });
  const [uploads, copies_by_header, publishes_by_header, copy_conditions, read_conditions] =
    await Promise
      .all([
        storesUploads(store, probe, `${incoming}plain`),
        copiesByHeader(store, bucket, probe, `${incoming}copy`),
        publishesByHeader(store, bucket, probe, incoming),
        honoursCopyConditions(client, bucket, probe, `${prefix}conditional`),
        honoursReadConditions(store, probe),
      ]);
  const [drops_headers, public_list, public_read, cors] = await Promise.all([
    dropsHeaders(store, client, bucket, contentType, [
      `${incoming}headers`,
      `${prefix}without-headers`,
    ]),
    isListed(store),
    isPublic(store, probe.key),
    allowsPut(store, `${incoming}cors`, origin),
  ]);
  return {
    refused_types,
    facts: {
      uploads,
      copies_by_header,
      publishes_by_header,
      copy_conditions,
      read_conditions,
      drops_headers,
      public_list,
      public_read,
      cors,
    },
  };
}

/**
 * Asks the bucket, and the world's view of it. What can't be found out is unknown. Stores some objects
 * below a prefix of its own, and removes them.
 *
 * @throws {ChatArchiveError} where the bucket takes no object at all
 */
export async function examineBucket(
  settings: BucketSettings,
  store: ObjectStore,
  intended: Intended,
): Promise<Examination> {
  const { bucket, endpoint } = settings;
  const prefix = `storage-check-${crypto.randomUUID()}/`;
  const client = await createS3Client(settings, endpoint, QUESTION_TIMEOUT_MS);
  let keeps_versions: Answer = "unknown";
  let left: string | undefined;
  let found;
  try {
    keeps_versions = await keepsVersions(
      client,
      bucket,
      AbortSignal.timeout(QUESTION_TIMEOUT_MS),
    );
    found = await tryOut(store, client, bucket, prefix, intended);
  } finally {
    left = await removeProbes(store, client, bucket, prefix, keeps_versions === "yes").then(
      ([failure]) => failure?.code,
      (error) => (error.cause ?? error).name,
    );
    client.destroy();
  }
  const { refused_types } = found;
  const facts = { keeps_versions, ...found.facts };
  const warnings = QUESTIONS.flatMap((question) => warningOf(question, facts[question]) ?? []);
  if (refused_types.length > 0) {
    warnings.push(
      `the bucket does not take ${
        refused_types.join(", ")
      }: allow these types there, or take them ` +
        "out of ALLOWED_IMAGE_TYPES and ALLOWED_DOCUMENT_TYPES",
    );
  }
  if (left !== undefined) {
    warnings.push(
      `what the check stored below ${prefix} could not be deleted (${left}): give the key the right ` +
        "to delete, else nothing that users delete goes",
    );
  }
  return { facts, refused_types, warnings };
}
