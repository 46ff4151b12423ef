/**
 * Whether a delete removes bytes, or only hides them behind a marker.
 *
 * @module
 */
import type { S3Connection } from "./s3_connection.ts";
import { isForbidden, isNotImplemented } from "./s3_errors.ts";
import { versionPage } from "./s3_versions.ts";

/** Asks whether the bucket keeps what is deleted. Many who ask at once share one question. */
export type KeepsDeleted = (ask: () => Promise<boolean>) => Promise<boolean>;

/**
 * Remembers the answer for a while. Not for ever: versioning may be switched on while a process lives.
 * The time is that between two runs of the worker, so that a run asks once, and a request that follows
 * another on the same process does not ask at all. What is deleted in the first minute after somebody
 * has switched versioning on may leave versions; AWS itself advises to wait for a quarter of an hour
 * before objects are written.
 *
 * @param trustMs milliseconds that an answer holds
 */
export function rememberVersioning(trustMs: number): KeepsDeleted {
  let answer: { keeps: Promise<boolean>; at: number } | undefined;
  return (ask) => {
    if (!answer || performance.now() - answer.at >= trustMs) {
      const keeps = ask();
      const asked = answer = { keeps, at: performance.now() };
      // A failure is no answer.
      keeps.catch(() => answer === asked && (answer = undefined));
    }
    return answer.keeps;
  };
}

/** A key that no object has. */
const ABSENT_KEY = "chat-archive/nothing";

/** Deletes what is not there: a bucket that keeps versions tells of the marker that it leaves. */
function leavesMarker({ run, bucket }: Pick<S3Connection, "run" | "bucket">): Promise<boolean> {
  return run(async (s3, { DeleteObjectCommand }, options) => {
    const command = new DeleteObjectCommand({ Bucket: bucket, Key: ABSENT_KEY });
    return (await s3.send(command, options)).DeleteMarker === true;
  });
}

/**
 * Asks the bucket. Where the key may not ask, a delete is tried: "unknown" would mean that whatever is
 * deleted may still be there.
 *
 * `Suspended` alone says nothing: Supabase Storage, which has no versions, always says so. There a list
 * of versions is empty, whatever the bucket holds.
 *
 * @throws {ChatArchiveError} `storage_unavailable`
 */
export async function askVersioning(
  connection: Pick<S3Connection, "run" | "bucket">,
): Promise<boolean> {
  const { run, bucket } = connection;
  let forbidden = false;
  const expected = (error: unknown) => {
    forbidden = isForbidden(error);
    return forbidden || isNotImplemented(error);
  };
  const status = await run(async (s3, { GetBucketVersioningCommand }, options) => {
    const { Status } = await s3.send(new GetBucketVersioningCommand({ Bucket: bucket }), options);
    return Status ?? "";
  }, { expected });
  if (status === "Enabled") return true;
  if (status === "Suspended") {
    const page = await run(
      (s3, _, options) => versionPage(s3, bucket, { prefix: "", limit: 1 }, options),
      { expected },
    );
    if (page) return page.versions.length > 0;
  }
  return forbidden && await leavesMarker(connection);
}
