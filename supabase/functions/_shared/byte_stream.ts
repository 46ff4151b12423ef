/**
 * Bodies of answers that are made piece by piece.
 *
 * @module
 */

/** Characters that are encoded at a time: each chunk of a stream costs as much as thousands of them. */
const CHUNK_CHARACTERS = 64 * 1024;

/** Joins small texts to chunks of UTF-8. The first one goes out as soon as it is there. */
export async function* encoded(parts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = "";
  let least = 1;
  for await (const part of parts) {
    text += part;
    if (text.length < least) continue;
    yield encoder.encode(text);
    text = "";
    least = CHUNK_CHARACTERS;
  }
  if (text) yield encoder.encode(text);
}
