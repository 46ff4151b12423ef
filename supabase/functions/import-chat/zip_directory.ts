import type { ByteSource } from "./byte_source.ts";
import { damaged } from "./damage.ts";
import { decodeName, sizesOf, viewOf } from "./zip_header.ts";

const DIRECTORY_HEADER = 0x02014b50;
/** What a zip ends with; an empty one has nothing before it. */
export const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;

/** What was read, for the comparison with the directory. */
export interface Facts {
  crc: number;
  size: number;
}

/** Compares the directory with what was read: some readers trust the one, some the other. */
export async function checkDirectory(source: ByteSource, read: Map<string, Facts>) {
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
