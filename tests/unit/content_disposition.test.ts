/** File names in headers: whatever they hold, they come out whole and break nothing. */
import fc from "fast-check";
import { contentDisposition } from "../../supabase/functions/_shared/content_disposition.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";

/** Names as people and attackers have them. */
const names = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: "grapheme", maxLength: 80 }),
  fc.array(
    fc.constantFrom("..", "/", "\\", '"', ";", "\r\n", "%00", "%", "'", "Отчёт", "😀", "é", ".pdf"),
    { maxLength: 12 },
  ).map((parts) => parts.join("")),
  // Halves of surrogate pairs come from truncated names.
  fc.string({ unit: "grapheme" }).map((text) => text + "\ud83d"),
);

/** The last part of a path that is a name, as a saved file should be called. */
function expected(name: string): string {
  // deno-lint-ignore no-control-regex -- what no file name keeps
  const parts = name.replace(/[\x00-\x1f\x7f]/g, "").toWellFormed().split(/[\\/]/);
  return parts.findLast((part) => part.replaceAll(".", "").trim() !== "") ?? "file";
}

Deno.test("any file name gives one valid header, from which it can be read again", () => {
  fc.assert(
    fc.property(names, fc.constantFrom("inline" as const, "attachment" as const), (name, how) => {
      const header = contentDisposition(how, name);
      // Two parameters (RFC 6266): a quoted ASCII fallback without escapes, and UTF-8 (RFC 8187).
      const match =
        /^(inline|attachment); filename="([\x20-\x7e]*)"; filename\*=UTF-8''([\w!#$&+.^`|~%-]*)$/
          .exec(header);
      assert(match, header);
      assertEquals(match[1], how);
      assert(!/["\\/]/.test(match[2]!), header);
      assertEquals(decodeURIComponent(match[3]!), expected(name));
      assertEquals(
        new Headers({ "content-disposition": header }).get("content-disposition"),
        header,
      );
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a name never comes out empty", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("", "/", "\\", "..//", " ", "\x01", "..", "a/..\x7f", "\u2028"),
      (name) => {
        assertMatch(contentDisposition("inline", name), /filename="[^"]+"; filename\*=UTF-8''.+$/);
      },
    ),
  );
});
