/**
 * The object side of the embedded bucket: fauxqs, reachable by this process only.
 *
 * @module
 */
import { takeLargeBodies } from "./patches/fauxqs_large_bodies.ts";
import { type Send, startPrivateFauxqs } from "./patches/fauxqs_listen.ts";

/** Keeps objects; takes requests as S3 does, and verifies none. */
export interface ObjectServer {
  /** The path is `/<bucket>/<key>`. */
  send: Send;
  stop(): Promise<void>;
}

/**
 * @param dataDir where objects are kept; without it they live in memory
 * @param bucket  created when it does not exist
 */
export async function startObjectServer(
  dataDir: string | undefined,
  bucket: string,
): Promise<ObjectServer> {
  const { send, stop } = await startPrivateFauxqs(dataDir);
  const created = await send(`/${bucket}`, { method: "PUT" });
  await created.body?.cancel();
  return { send: takeLargeBodies(send), stop };
}
