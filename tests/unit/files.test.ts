/** What is looked at in a file, and what becomes of its name. */
import { contentDisposition } from "../../supabase/functions/_shared/content_disposition.ts";
import { inspectFile } from "../../supabase/functions/_shared/inspect_file.ts";
import type { ContentType } from "@shared/object-keys.ts";
import { assertEquals } from "@std/assert";
import { pdf, png } from "../support/files.ts";

const inspect = (type: ContentType, bytes: Uint8Array) =>
  inspectFile(type, { head: bytes, tail: bytes.slice(-1024), size: bytes.length });

const GIF = Uint8Array.from(atob("R0lGODlhAQABAAAAACwAAAAAAQABAAA7"), (c) => c.charCodeAt(0));
const WEBP = Uint8Array.from(
  atob("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="),
  (c) => c.charCodeAt(0),
);
const JPEG = new Uint8Array([
  ...[0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0],
  ...[0xff, 0xc0, 0, 11, 8, 0, 7, 0, 9, 1, 1, 0x11, 0],
  ...[0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0xff, 0xd9],
]);

Deno.test("dimensions come from the image", () => {
  assertEquals(inspect("image/png", png(40, 30)), { ok: true, width: 40, height: 30 });
  assertEquals(inspect("image/gif", GIF), { ok: true, width: 1, height: 1 });
  assertEquals(inspect("image/webp", WEBP), { ok: true, width: 1, height: 1 });
  assertEquals(inspect("image/jpeg", JPEG), { ok: true, width: 9, height: 7 });
  assertEquals(inspect("application/pdf", pdf()), { ok: true });
});

Deno.test("each type is told from each other", () => {
  const files: Record<ContentType, Uint8Array> = {
    "image/png": png(2, 2),
    "image/gif": GIF,
    "image/webp": WEBP,
    "image/jpeg": JPEG,
    "application/pdf": pdf(),
  };
  for (const [type, bytes] of Object.entries(files)) {
    for (const announced of Object.keys(files) as ContentType[]) {
      assertEquals(inspect(announced, bytes).ok, announced === type, `${type} as ${announced}`);
    }
  }
});

Deno.test("a file that was cut off is refused", () => {
  const files: [ContentType, Uint8Array][] = [
    ["image/png", png(2, 2)],
    ["image/gif", GIF],
    ["image/webp", WEBP],
    ["image/jpeg", JPEG],
    ["application/pdf", pdf()],
  ];
  for (const [type, bytes] of files) {
    assertEquals(inspect(type, bytes.slice(0, -8)).ok, false, type);
    assertEquals(inspect(type, new Uint8Array(bytes.length)).ok, false, `zeros as ${type}`);
  }
});

Deno.test("a file name reaches the reader, and no header is broken", () => {
  const cases: [string, string][] = [
    ["a.png", `inline; filename="a.png"; filename*=UTF-8''a.png`],
    [
      "Отчёт.pdf",
      `inline; filename="_____.pdf"; filename*=UTF-8''%D0%9E%D1%82%D1%87%D1%91%D1%82.pdf`,
    ],
    ['a"b\\c.png', `inline; filename="c.png"; filename*=UTF-8''c.png`],
    ['say "hi".png', `inline; filename="say _hi_.png"; filename*=UTF-8''say%20%22hi%22.png`],
    ["../../etc/passwd", `inline; filename="passwd"; filename*=UTF-8''passwd`],
    ["a\r\nX-Evil: 1", `inline; filename="aX-Evil: 1"; filename*=UTF-8''aX-Evil%3A%201`],
    [
      "😀'(1)*.png",
      `inline; filename="_'(1)*.png"; filename*=UTF-8''%F0%9F%98%80%27%281%29%2A.png`,
    ],
    ["/", `inline; filename="file"; filename*=UTF-8''file`],
  ];
  for (const [name, header] of cases) {
    assertEquals(contentDisposition("inline", name), header);
    new Headers({ "content-disposition": header });
  }
});
