import type { Upload } from "@shared/rows.ts";
import { failpoint } from "./failpoint.ts";
import type { ObjectStore } from "./object_store.ts";
import { Mismatch, PassingBytes, type Verified } from "./passing_bytes.ts";

/** One try to confirm an upload. */
export interface Attempt {
  upload: Upload;
  /** Its own: nobody else writes to it, and it is written once. */
  key: string;
}

/** How an attempt ended. Only a verified one may be recorded; the keys of all others are given up. */
export type AttemptResult =
  | { outcome: "verified"; verified: Verified }
  | { outcome: "mismatch"; mismatch: Mismatch }
  | { outcome: "failed"; error: unknown };

/**
 * Copies what has arrived to the attempt's key, and verifies what lies there: the original may be
 * replaced at any moment by whoever holds its URL.
 */
export async function attemptCopy(
  store: Pick<ObjectStore, "copy" | "scan">,
  { upload, key }: Attempt,
): Promise<AttemptResult> {
  try {
    if (!await store.copy(upload.incoming_path!, key, upload.content_type)) throw new Mismatch();
    await failpoint("confirm.copied");
    const verified = await store.scan(key, async (pieces) => {
      const passing = new PassingBytes(upload);
      for await (const piece of pieces) passing.add(piece);
      return passing.verify();
    });
    if (verified === null) throw new Error("a copy is not there");
    return { outcome: "verified", verified };
  } catch (error) {
    return error instanceof Mismatch
      ? { outcome: "mismatch", mismatch: error }
      : { outcome: "failed", error };
  }
}
