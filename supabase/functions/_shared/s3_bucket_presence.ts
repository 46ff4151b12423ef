/** Throws unless the bucket is there. Many who ask at once share one question. */
export type AssertBucket = (ask: () => Promise<void>) => Promise<void>;

/**
 * Remembers that a bucket is there, so that not every answer "no such object" costs a second request.
 * Some servers give it for a bucket that is missing (Supabase Storage to GetObject and CopyObject), and
 * whoever believed it would take all objects for deleted.
 *
 * @param trustMs milliseconds that a positive answer holds; a negative one is never remembered
 */
export function bucketPresence(trustMs: number): AssertBucket {
  let seenAt = -Infinity;
  let asking: Promise<void> | undefined;
  return async (ask) => {
    if (performance.now() - seenAt < trustMs) return;
    asking ??= ask().then(() => void (seenAt = performance.now()))
      .finally(() => asking = undefined);
    await asking;
  };
}
