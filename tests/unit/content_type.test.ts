/** Media types that are told by a file's first bytes or its name. */
import { contentTypeOf } from "@shared/client/content_type.ts";
import { assertEquals } from "@std/assert";

const typeOf = (head: string, name = "file", said = "") => {
  const body = new Blob([Uint8Array.from(head, (character) => character.charCodeAt(0))]);
  return contentTypeOf({ said, name, body, kind: "image", path: [] });
};

Deno.test("bytes tell the type, then the name; what the caller says stands", async () => {
  assertEquals(await typeOf("\x89PNG\r\n\x1a\n…"), "image/png");
  assertEquals(await typeOf("\xff\xd8\xff\xe0"), "image/jpeg");
  assertEquals(await typeOf("RIFF\x10\x00\x00\x00WEBPVP8 "), "image/webp");
  assertEquals(await typeOf("GIF89a"), "image/gif");
  assertEquals(await typeOf("GIF87a"), "image/gif");
  assertEquals(await typeOf("%PDF-1.7"), "application/pdf");
  // Bytes may stand before it (PDF 1.7, H.3).
  assertEquals(await typeOf("\xef\xbb\xbf\n".padEnd(900) + "%PDF-1.7"), "application/pdf");
  assertEquals(await typeOf("?", "A.PNG"), "image/png");
  assertEquals(await typeOf("?", "a.b.jpeg"), "image/jpeg");
  assertEquals(await typeOf("?", "a.jpg"), "image/jpeg");
  assertEquals(await typeOf("%PDF-1.7", "a.png"), "application/pdf");
  assertEquals(await typeOf("%PDF-1.7", "a.png", "text/plain"), "text/plain");
  assertEquals(await typeOf("%PDF-1.7", "a.png", "application/octet-stream"), "application/pdf");
});
