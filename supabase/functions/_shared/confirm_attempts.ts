/**
 * Attempts to confirm uploads, as the database keeps them.
 *
 * @module
 */
import { query } from "@shared/query.ts";
import type { ArchiveClient, Upload } from "@shared/rows.ts";
import type { Attempt } from "./attempt_copy.ts";
import type { ObjectStore } from "./object_store.ts";
import type { Verified } from "./passing_bytes.ts";

/** An attempt whose bytes are verified. */
export interface ConfirmedAttempt extends Verified {
  /** Of the upload. */
  id: string;
  key: string;
}

/**
 * Begins an attempt for each upload. The outbox deletes its object unless the attempt is recorded.
 *
 * @param admin bypasses RLS: only the functions may begin one
 * @returns those that could begin, in the same order
 */
export async function beginAttempts(admin: ArchiveClient, uploads: Upload[]): Promise<Attempt[]> {
  if (uploads.length === 0) return [];
  const begun = await query(() => admin.rpc("begin_confirm", { ids: uploads.map(({ id }) => id) }));
  const keys = new Map(begun.map(({ id, key }) => [id, key]));
  return uploads.flatMap((upload) => {
    const key = keys.get(upload.id);
    return key === undefined ? [] : [{ upload, key }];
  });
}

/** Makes verified attempts images and documents, in the order given. @returns ids of those that are */
export async function record(
  { admin, store }: { admin: ArchiveClient; store: Pick<ObjectStore, "address"> },
  attempts: ConfirmedAttempt[],
): Promise<string[]> {
  if (attempts.length === 0) return [];
  return await query(() =>
    admin.rpc("confirm_uploads", {
      verified: attempts.map((one) => ({ ...one, s3_url: store.address(one.key) })),
    })
  );
}

/** Gives up the keys of attempts, so that others may begin. Their objects go when they are due. */
export async function giveUp(admin: ArchiveClient, keys: string[]): Promise<void> {
  if (keys.length > 0) await query(() => admin.rpc("give_up_confirm", { keys }));
}
