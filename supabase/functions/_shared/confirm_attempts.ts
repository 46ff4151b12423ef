/**
 * Attempts to confirm uploads, as the database keeps them.
 *
 * @module
 */
import type { ChatDocument, ChatImage } from "@shared/contracts/file_rows.ts";
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

interface RecordPorts {
  /** Bypasses RLS: only the functions may record one. */
  admin: ArchiveClient;
  store: Pick<ObjectStore, "address">;
}

const withAddresses = ({ store }: RecordPorts, attempts: ConfirmedAttempt[]) =>
  attempts.map((one) => ({ ...one, s3_url: store.address(one.key) }));

/** Makes verified attempts images and documents, in the order given. @returns ids of those that are */
export async function record(ports: RecordPorts, attempts: ConfirmedAttempt[]): Promise<string[]> {
  if (attempts.length === 0) return [];
  const verified = withAddresses(ports, attempts);
  return await query(() => ports.admin.rpc("confirm_uploads", { verified }));
}

/** What there is of uploads when their attempts have ended. */
export interface Settled {
  /** Ids of the uploads that these attempts have made images or documents. */
  recorded: string[];
  uploads: Upload[];
  /** By seq, as the documents. */
  images: ChatImage[];
  documents: ChatDocument[];
}

/** Records verified attempts, gives up the keys of others, and reads the rows of uploads, in one call. */
export async function settleAttempts(
  ports: RecordPorts,
  { ids, verified, givenUp }: { ids: string[]; verified: ConfirmedAttempt[]; givenUp: string[] },
): Promise<Settled> {
  const [row] = await query(() =>
    ports.admin.rpc("settle_confirm", {
      ids,
      verified: withAddresses(ports, verified),
      given_up: givenUp,
    })
  );
  // Rows as JSON. Checks of the columns make sure of what their own JSON is.
  return row as unknown as Settled;
}
