/** Keys that one request deletes (S3's limit). */
export const KEYS_PER_DELETE = 1000;

/** Code of a key of which versions were deleted, and more are left than one call of a function may delete. */
export const MORE_VERSIONS = "MoreVersions";
/** Code of a key that was not tried, because versions of others had used that up. */
export const NOT_REACHED = "NotReached";

/**
 * All that this project does with a bucket. Handlers ask for the few abilities that they use
 * (`Pick<ObjectStore, …>`). Errors are `storage_unavailable`, with the cause kept; every call ends
 * within a bounded time, whatever the bucket does.
 */
export interface ObjectStore {
  /** Unsigned address of an object, as clients reach it. */
  address(key: string): string;

  /** Signs a PUT that is bound to key, exact length and type. */
  presignPut(request: PutRequest): Promise<string>;

  /** Signs a GET that answers with the given file name. */
  presignGet(request: GetRequest): Promise<string>;

  /** Facts about an object, or null where there is none. */
  head(key: string): Promise<ObjectHead | null>;

  /** An object, or part of one. @returns null where there is none, or where its ETag is another */
  get(key: string, which?: { range?: ByteRange; etag?: string }): Promise<StoredObject | null>;

  /**
   * All bytes of an object that fits into memory, in the pieces in which they came. Costs a third of
   * the CPU of {@link get}. @returns null where there is none
   */
  bytes(key: string): Promise<Uint8Array[] | null>;

  /**
   * Reads all bytes of an object that never changes, without holding them. Costs as little as
   * {@link bytes}.
   *
   * @param read gets the bytes, each piece in the same buffer; is called anew where a connection breaks
   * @returns what it returns, or null where there is no object
   */
  scan<T>(key: string, read: (pieces: AsyncIterable<Uint8Array>) => Promise<T>): Promise<T | null>;

  /**
   * Stores an object in one request, which is never repeated: a stream can be read only once.
   *
   * @returns the ETag
   * @throws {ChatArchiveError} `invalid_request` where the stream has not `size` bytes; what the
   *   stream itself throws is thrown as it is. Nothing is stored then.
   */
  put(object: NewObject): Promise<string>;

  /**
   * Copies an object in one request, which is never repeated: one that failed may still be carried out
   * later. The copy has this type, and no other header of the original.
   *
   * @returns false where there is no original
   */
  copy(from: string, to: string, contentType: string): Promise<boolean>;

  /**
   * Deletes objects, {@link KEYS_PER_DELETE} a request. A missing one counts as deleted. Where the bucket
   * keeps versions, all versions and markers of the keys go; each key costs a list then, or 20 and more
   * of one folder one together.
   *
   * @returns those of which something is left: {@link MORE_VERSIONS} and {@link NOT_REACHED} are no failures,
   *   a later call goes on
   */
  deleteMany(keys: string[]): Promise<DeleteFailure[]>;

  /**
   * Keys that go well into one {@link deleteMany}: {@link KEYS_PER_DELETE}, or 100 where each costs a list
   * of its versions. That takes 1 to 2 ms of processor time, of which a request has 2 s: what was deleted
   * has to be settled before they are used up.
   */
  keysPerBatch(): Promise<number>;

  /** Deletes what a bucket that keeps versions has kept of what an object was before. */
  dropOldVersions(key: string): Promise<void>;

  /**
   * Objects below a prefix, in the order of their keys, a page (of up to 1,000) at a time.
   *
   * @param options `after`: only keys that come after it. `hidden`: also keys of which a bucket that keeps
   *   versions holds nothing but earlier versions, or markers
   */
  list(
    prefix: string,
    options?: { after?: string; hidden?: boolean },
  ): AsyncIterable<ListedObject[]>;

  /** Throws unless the bucket is there and the credentials fit. */
  check(signal?: AbortSignal): Promise<void>;
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

/** An object to store. */
export interface NewObject {
  key: string;
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Bytes. */
  size: number;
  contentType: string;
}

/** Facts about an object. */
export interface ObjectHead {
  /** Bytes. */
  size: number;
  contentType: string;
  etag: string;
  /** When it was stored. */
  modified: Date;
}

/** An object, or part of one, that is being read. */
export interface StoredObject extends Omit<ObjectHead, "modified"> {
  /** Read it to its end, or cancel it. Fails with `storage_unavailable` where it is cut off. */
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Bytes of the body: of the part, where one was asked for. */
  size: number;
}

/** An object in a list. */
export interface ListedObject {
  key: string;
  /** Whoever reads the key finds nothing: only earlier versions are kept, or markers. */
  hidden?: true;
  /** Bytes. */
  size: number;
  /** When it was stored. */
  modified: Date;
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
