/**
 * CRC-32 of ISO 3309, in plain JavaScript.
 *
 * @module
 */

/** By eight bytes at a time: a table for each of their places. */
const TABLES: Uint32Array[] = [];

function makeTables() {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0xedb88320 : crc >>> 1;
    return crc;
  });
  TABLES.push(first);
  while (TABLES.length < 8) {
    TABLES.push(TABLES.at(-1)!.map((crc) => crc >>> 8 ^ first[crc & 0xff]!));
  }
}

/**
 * The checksum of bytes, on any runtime, and without loading anything for it.
 *
 * @param before of the bytes before
 * @returns from 0 to 2³² - 1
 */
export function portableCrc32(bytes: Uint8Array, before: number = 0): number {
  if (TABLES.length === 0) makeTables();
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  let crc = ~before;
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) {
    const low = crc ^
      (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24);
    crc = t7[low & 0xff]! ^ t6[low >>> 8 & 0xff]! ^ t5[low >>> 16 & 0xff]! ^ t4[low >>> 24]! ^
      t3[bytes[at + 4]!]! ^ t2[bytes[at + 5]!]! ^ t1[bytes[at + 6]!]! ^ t0[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = crc >>> 8 ^ t0[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
