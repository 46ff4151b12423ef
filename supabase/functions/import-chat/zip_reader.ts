/**
 * Reads a zip from front to end, entry by entry, as it comes over the network (PKWARE's APPNOTE
 * 6.3.10). At the end its directory is compared with what was read.
 *
 * @module
 */
import { crc32, createInflateRaw } from "node:zlib";
import type { ByteSource } from "./byte_source.ts";
import { damaged, tooLarge } from "./damage.ts";

const LOCAL_HEADER = 0x04034b50;
const DIRECTORY_HEADER = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const DESCRIPTOR = 0x08074b50;

const FLAG_ENCRYPTED = 0x0001;
const FLAG_DESCRIPTOR = 0x0008;
const FLAG_STRONG = 0x0040;
const FLAG_UTF8 = 0x0800;
const FLAG_MASKED = 0x2000;
const STORED = 0;
const DEFLATED = 8;
const MAX_32 = 0xffffffff;
/** Bytes that the inflater hands out at a time. */
const CHUNK = 256 * 1024;

/** One file of the zip. Its bytes are read before the next entry, or passed over. */
export interface ZipEntry {
  name: string;
  /** Bytes, unpacked; undefined where they are known only at their end. */
  size: number | undefined;
  /** Fails where the checksum or the size is another. */
  bytes: AsyncIterable<Uint8Array>;
}

/** What a zip may have. */
export interface ZipLimits {
  entries: number;
  /** Bytes of all entries, unpacked. */
  unpacked: number;
}

interface Header {
  name: string;
  method: number;
  hasDescriptor: boolean;
  zip64: boolean;
  crc: number;
  packed: number;
  size: number;
}

/** What was read, for the comparison with the directory. */
interface Facts {
  crc: number;
  size: number;
}

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function decodeName(bytes: Uint8Array, flags: number): string {
  const utf8 = (flags & FLAG_UTF8) !== 0;
  try {
    // Many tools write UTF-8 and don't say so; names of ours are found by their bytes alone.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    if (!utf8) return new TextDecoder("latin1").decode(bytes);
    throw damaged([], "a name in the zip is not UTF-8", cause);
  }
}

/** Names are only compared, never used as paths; but such a zip was not made in good faith. */
function checkName(name: string) {
  const parts = name.replace(/\/$/, "").split("/");
  if (
    name === "" || name.length > 1024 || /[\\\0]/.test(name) || /^[A-Za-z]:/.test(name) ||
    parts.some((part) => part === "" || part === "." || part === "..")
  ) {
    throw damaged([name.slice(0, 100)], "this is not the name of a file in a zip");
  }
}

/** Sizes that do not fit into 32 bits stand in an extra field (4.5.3). */
function sizesOf(extra: Uint8Array, size: number, packed: number) {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 0x0001) {
      let field = at + 4;
      const next = () => {
        if (field + 8 > Math.min(at + 4 + length, extra.length)) {
          throw damaged([], "a zip64 field is too short");
        }
        field += 8;
        return Number(view.getBigUint64(field - 8, true));
      };
      return {
        zip64: true,
        size: size === MAX_32 ? next() : size,
        packed: packed === MAX_32 ? next() : packed,
      };
    }
    at += 4 + length;
  }
  return { zip64: false, size, packed };
}

async function readHeader(source: ByteSource): Promise<Header> {
  const fixed = (await source.take(30)).slice();
  const view = viewOf(fixed);
  const flags = view.getUint16(6, true);
  const name = decodeName((await source.take(view.getUint16(26, true))).slice(), flags);
  checkName(name);
  if (flags & (FLAG_ENCRYPTED | FLAG_STRONG | FLAG_MASKED)) {
    throw damaged([name], "it is encrypted");
  }
  const method = view.getUint16(8, true);
  if (method !== STORED && method !== DEFLATED) {
    throw damaged([name], `it is compressed in a way that is not known here (${method})`);
  }
  const extra = (await source.take(view.getUint16(28, true))).slice();
  const hasDescriptor = (flags & FLAG_DESCRIPTOR) !== 0;
  const crc = view.getUint32(14, true);
  const sizes = sizesOf(extra, view.getUint32(22, true), view.getUint32(18, true));
  if (method === STORED && sizes.size !== sizes.packed) {
    throw damaged([name], "its sizes contradict each other");
  }
  if (method === STORED && hasDescriptor && sizes.size === 0) {
    throw damaged([name], "its size is not told before its bytes: it can't be read as a stream");
  }
  return { name, method, hasDescriptor, crc, ...sizes };
}

/** Unpacks a deflate stream, which says by itself where it ends. */
async function* inflated(source: ByteSource, name: string): AsyncGenerator<Uint8Array> {
  const inflate = createInflateRaw({ chunkSize: CHUNK });
  let fed = 0;
  let taken = 0;
  let failure: unknown;
  let over = false;
  /** Feeds one chunk at a time, so that no more is held than is being unpacked. */
  const feed = async () => {
    while (!over) {
      const chunk = (await source.chunk()).subarray(0, CHUNK);
      if (chunk.length === 0) {
        throw damaged([name], "the zip ends in the middle of it");
      }
      fed += chunk.length;
      const { promise, resolve } = Promise.withResolvers<void>();
      inflate.once("close", resolve);
      inflate.write(chunk, () => resolve());
      await promise;
      inflate.off("close", resolve);
      // What lies beyond the end of the stream belongs to whatever comes next.
      const used = Math.min(inflate.bytesWritten - taken, chunk.length);
      taken += used;
      source.skip(used);
      if (used < chunk.length) return;
    }
  };
  const feeding = feed().catch((error) => {
    failure = error;
    inflate.destroy();
  });
  try {
    for await (const chunk of inflate) yield chunk;
  } catch (cause) {
    if (failure === undefined) failure = damaged([name], "it can't be unpacked", cause);
  } finally {
    over = true;
    inflate.destroy();
    await feeding;
  }
  if (failure !== undefined) throw failure;
}

async function readDescriptor(source: ByteSource, { zip64 }: Header) {
  const signed = viewOf(await source.peek(4)).getUint32(0, true) === DESCRIPTOR;
  const bytes = await source.take((signed ? 4 : 0) + (zip64 ? 20 : 12));
  const view = viewOf(bytes);
  const at = signed ? 4 : 0;
  return {
    crc: view.getUint32(at, true),
    size: zip64 ? Number(view.getBigUint64(at + 12, true)) : view.getUint32(at + 8, true),
  };
}

/** Compares the directory with what was read: some readers trust the one, some the other. */
async function checkDirectory(source: ByteSource, read: Map<string, Facts>) {
  const listed = new Set<string>();
  for (;;) {
    const signature = viewOf(await source.take(4)).getUint32(0, true);
    if (signature === DIRECTORY_HEADER) {
      const fixed = (await source.take(42)).slice();
      const view = viewOf(fixed);
      const name = decodeName(
        (await source.take(view.getUint16(24, true))).slice(),
        view.getUint16(4, true),
      );
      const extra = (await source.take(view.getUint16(26, true))).slice();
      await source.take(view.getUint16(28, true));
      const { size } = sizesOf(extra, view.getUint32(20, true), view.getUint32(16, true));
      const facts = read.get(name);
      if (!facts || facts.crc !== view.getUint32(12, true) || facts.size !== size) {
        throw damaged([name], "the zip's directory does not fit what was in the zip");
      }
      listed.add(name);
    } else if (signature === END_64) {
      const length = Number(viewOf(await source.take(8)).getBigUint64(0, true));
      if (length > 1024) throw damaged([], "the zip's directory is damaged");
      await source.take(length);
    } else if (signature === LOCATOR_64) await source.take(16);
    else if (signature === END) {
      const comment = viewOf(await source.take(18)).getUint16(16, true);
      await source.take(comment);
      break;
    } else throw damaged([], `the zip's directory is damaged at byte ${source.offset - 4}`);
  }
  const [unlisted] = [...read.keys()].filter((name) => !listed.has(name));
  if (unlisted !== undefined) throw damaged([unlisted], "it is not in the zip's directory");
  if ((await source.chunk()).length > 0) throw damaged([], "something follows the zip's end");
}

/** Unpacks one entry, and compares what comes with what the zip says of it. */
async function* readContent(
  source: ByteSource,
  header: Header,
  grow: (bytes: number) => void,
  done: (facts: Facts) => void,
): AsyncGenerator<Uint8Array> {
  const { name, method, hasDescriptor } = header;
  const begin = source.offset;
  let crc = 0;
  let size = 0;
  for await (
    const chunk of method === STORED ? source.stream(header.size) : inflated(source, name)
  ) {
    crc = crc32(chunk, crc);
    size += chunk.length;
    grow(chunk.length);
    yield chunk;
  }
  if (!hasDescriptor && source.offset - begin !== header.packed) {
    throw damaged([name], "its packed size is another than the zip says");
  }
  const told = hasDescriptor ? await readDescriptor(source, header) : header;
  if (told.crc !== crc) throw damaged([name], "its checksum is another than the zip says");
  if (told.size !== size) throw damaged([name], "its size is another than the zip says");
  done({ crc, size });
}

/**
 * Reads the entries of a zip, in their order. Folders are left out.
 *
 * @throws {ChatArchiveError} `invalid_request` with the entry's name where the zip is damaged, cut off,
 *   encrypted or contradicts itself; `payload_too_large`
 */
export async function* readZip(source: ByteSource, limits: ZipLimits): AsyncGenerator<ZipEntry> {
  const read = new Map<string, Facts>();
  /** The same for file systems that ignore case. */
  const names = new Set<string>();
  let unpacked = 0;
  const grow = (bytes: number) => {
    unpacked += bytes;
    if (unpacked > limits.unpacked) throw tooLarge("the zip, unpacked", limits.unpacked);
  };

  for (;;) {
    const start = await source.peek(4);
    const signature = start.length < 4 ? 0 : viewOf(start).getUint32(0, true);
    if (signature !== LOCAL_HEADER) {
      if (source.offset === 0 && signature !== END) throw damaged([], "this is not a zip");
      return await checkDirectory(source, read);
    }
    const header = await readHeader(source);
    const { name, method, hasDescriptor } = header;
    if (names.has(name.toLowerCase())) throw damaged([name], "it is in the zip twice");
    names.add(name.toLowerCase());
    if (names.size > limits.entries) {
      throw damaged([name], `a zip may have ${limits.entries} entries`);
    }

    const bytes = readContent(source, header, grow, (facts) => read.set(name, facts));
    if (!name.endsWith("/")) {
      const size = hasDescriptor && method === DEFLATED ? undefined : header.size;
      yield { name, size, bytes };
    }
    // What its reader left, so that the checksum is compared and the next entry is found.
    for await (const _ of bytes);
    if (!read.has(name)) throw damaged([name], "it was not read to its end");
  }
}
