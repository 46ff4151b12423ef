/**
 * The object by which a bucket knows its database.
 *
 * @module
 */
import type { ContentType } from "@shared/object-keys.ts";
import type { ObjectStore } from "./object_store.ts";

/** Where it lies: no user's prefix, and nothing that a client can have signed. */
export const MARKER_KEY = "chat-archive/marker";

/** What it holds, as JSON. */
export interface BucketMarker {
  /** The project's address; empty where it is on loopback. */
  project: string;
  /** The cluster's system_identifier, and the database's oid. */
  database: string;
  /** Runs of the worker that were counted. */
  runs: number;
}

/** What it is read and written with. */
export type MarkerStore = Pick<ObjectStore, "get" | "put" | "dropOldVersions">;

/**
 * Reads it.
 *
 * @returns null where there is none; an empty object where there is something else at its key
 * @throws {ChatArchiveError} `storage_unavailable`, also where the bucket is missing
 */
export async function readMarker(store: MarkerStore): Promise<Partial<BucketMarker> | null> {
  // By the SDK, which corrects a clock that is wrong; a signed URL would have expired.
  const object = await store.get(MARKER_KEY);
  if (!object) return null;
  const text = await new Response(object.body).text();
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/**
 * Writes it, in place of the one that is there.
 *
 * @param contentType one that the bucket takes: it may refuse all types but those that users upload
 */
export async function writeMarker(
  store: MarkerStore,
  marker: BucketMarker,
  contentType: ContentType,
): Promise<void> {
  const body = new TextEncoder().encode(JSON.stringify(marker));
  await store.put({ key: MARKER_KEY, body, size: body.length, contentType });
  // One version a run would be half a million in a year.
  await store.dropOldVersions(MARKER_KEY);
}
