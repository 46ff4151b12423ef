/** What the functions need of a bucket. Errors are `storage_unavailable`, with the cause kept. */
export interface ObjectStore {
  /** Unsigned address of an object, as clients reach it. */
  address(key: string): string;

  /** Signs a PUT that is bound to key, exact length and type. */
  presignPut(request: PutRequest): Promise<string>;

  /** Signs a GET that answers with the given file name. */
  presignGet(request: GetRequest): Promise<string>;

  /** Facts about an object, or null where there is none. */
  head(key: string): Promise<ObjectHead | null>;

  /** Part of an object. @returns null where there is none, or where its ETag is another */
  read(key: string, range: ByteRange, etag: string): Promise<Uint8Array | null>;

  /** Copies one version. @returns the copy's ETag, or null where that version is gone */
  copy(from: string, to: string, etag: string): Promise<string | null>;

  /** Deletes up to 1,000 objects. A missing one counts as deleted. @returns those that failed */
  deleteMany(keys: string[]): Promise<DeleteFailure[]>;

  /** Keys below a prefix, a page (of up to 1,000) at a time. */
  list(prefix: string): AsyncIterable<string[]>;

  /** Throws unless the bucket is there and the keys fit. */
  check(signal: AbortSignal): Promise<void>;
}

/** A PUT to sign. */
export interface PutRequest {
  key: string;
  contentType: string;
  /** Bytes. */
  size: number;
  /** Seconds. */
  expiresIn: number;
}

/** A GET to sign. */
export interface GetRequest {
  key: string;
  /** Real name, any characters. */
  fileName: string;
  contentType: string;
  /** Seconds. */
  expiresIn: number;
  /** inline to show it, attachment to save it. */
  disposition: "inline" | "attachment";
}

/** Facts about an object. */
export interface ObjectHead {
  /** Bytes. */
  size: number;
  contentType: string;
  etag: string;
}

/** First and last byte, both included. */
export interface ByteRange {
  start: number;
  end: number;
}

/** A key that could not be deleted, and S3's code. */
export interface DeleteFailure {
  key: string;
  code: string;
}
