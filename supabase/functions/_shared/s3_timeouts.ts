/** How long the bucket may take, in milliseconds. */
export interface S3Timeouts {
  /** Until the answer to one attempt begins. */
  attemptMs: number;
  /** For an operation, its repetitions included. */
  operationMs: number;
  /** For a copy: the bucket answers when it has copied all bytes. */
  copyMs: number;
  /** Without a byte, after which an upload or a download counts as broken. */
  silenceMs: number;
  /** For so long a bucket that was there counts as there, when it says that an object is not. */
  presenceMs: number;
  /** For so long a bucket that keeps versions, or keeps none, counts as doing so. */
  versioningMs: number;
}

/** What a bucket gets, unless somebody says otherwise. */
export const S3_TIMEOUTS: S3Timeouts = {
  attemptMs: 6_000,
  operationMs: 12_000,
  copyMs: 60_000,
  silenceMs: 15_000,
  presenceMs: 5_000,
  versioningMs: 60_000,
};
