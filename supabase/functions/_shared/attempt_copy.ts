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
    if (!await store.copy(upload.incoming_path, key, upload.content_type)) {
      return { outcome: "mismatch", mismatch: new Mismatch() };
    }
    await failpoint("confirm.copied");
    const result = await store.scan(key, async (pieces): Promise<AttemptResult> => {
      const passing = new PassingBytes(upload);
      try {
        for await (const piece of pieces) passing.add(piece);
        return { outcome: "verified", verified: passing.verify() };
      } catch (error) {
        // What is read again after a broken connection is no other file.
        if (error instanceof Mismatch) return { outcome: "mismatch", mismatch: error };
        throw error;
      }
    });
    return result ?? { outcome: "failed", error: new Error("a copy is not there") };
  } catch (error) {
    return { outcome: "failed", error };
  }
}
