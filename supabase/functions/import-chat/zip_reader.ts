/**
 * Reads a zip from front to end, entry by entry, as it comes over the network (PKWARE's APPNOTE
 * 6.3.10). At the end its directory is compared with what was read.
 *
 * @module
 */
import { crc32 } from "../_shared/crc32.ts";
import type { ByteSource } from "./byte_source.ts";
import { damaged, tooLarge } from "./damage.ts";
import { inflated } from "./inflate.ts";
import { checkDirectory, END, type Facts } from "./zip_directory.ts";
import { DEFLATED, type Header, readDescriptor, readHeader, STORED, viewOf } from "./zip_header.ts";

const LOCAL_HEADER = 0x04034b50;

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
  const stated = hasDescriptor ? await readDescriptor(source, header) : header;
  if (stated.crc !== crc) throw damaged([name], "its checksum is another than the zip says");
  if (stated.size !== size) throw damaged([name], "its size is another than the zip says");
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
