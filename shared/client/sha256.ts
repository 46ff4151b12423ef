import { notLoaded } from "./not_loaded.ts";

/** Bytes up to which a file is read whole: Web Crypto takes no stream. */
const AT_ONCE = 16 * 1024 * 1024;
/** Bytes of a larger one that are read at a time. */
const PIECE = 4 * 1024 * 1024;

interface Hash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** Of Node and Deno. Asked for by name at run time, so that bundlers for browsers do not look for it. */
interface Platform {
  process?: { getBuiltinModule?: (name: "crypto") => { createHash(name: "sha256"): Hash } };
}

async function streamingHash(): Promise<Hash> {
  const { process } = globalThis as Platform;
  const own = process?.getBuiltinModule?.("crypto")?.createHash("sha256");
  if (own) return own;
  return (await import("@noble/hashes/sha2.js").catch(notLoaded)).sha256.create();
}

const hexOf = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * SHA-256 of a file, in lower-case hex. A large one is never in memory as a whole.
 *
 * @param onBytes receives the bytes hashed so far
 * @throws the signal's reason
 */
export async function sha256Of(
  file: Blob,
  { signal, onBytes }: {
    signal?: AbortSignal | undefined;
    onBytes?: ((hashed: number) => void) | undefined;
  } = {},
): Promise<string> {
  signal?.throwIfAborted();
  // Web Crypto is there in secure contexts only.
  const { subtle } = globalThis.crypto;
  if (file.size <= AT_ONCE && subtle) {
    const digest = await subtle.digest("SHA-256", await file.arrayBuffer());
    onBytes?.(file.size);
    return hexOf(new Uint8Array(digest));
  }
  const hash = await streamingHash();
  for (let start = 0; start < file.size; start += PIECE) {
    const piece = await file.slice(start, start + PIECE).arrayBuffer();
    signal?.throwIfAborted();
    hash.update(new Uint8Array(piece));
    onBytes?.(start + piece.byteLength);
  }
  return hexOf(hash.digest());
}
