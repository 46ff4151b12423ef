/**
 * Content-Disposition for any file name: an ASCII fallback, and the real name in UTF-8 (RFC 6266,
 * RFC 8187).
 *
 * @param fileName any characters; a path is reduced to its last part
 */
export function contentDisposition(
  disposition: "inline" | "attachment",
  fileName: string,
): string {
  // deno-lint-ignore no-control-regex -- exactly what a header must not contain
  const printable = fileName.replace(/[\x00-\x1f\x7f]/g, "").toWellFormed();
  // A part of dots is a direction, not a name.
  const name = printable.split(/[\\/]/).findLast((part) => !/^[\s.]*$/.test(part)) ?? "file";
  const fallback = name.replace(/[^\x20-\x7e]/gu, "_").replace(/["\\%]/g, "_");
  const encoded = encodeURIComponent(name)
    .replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return `${disposition}; filename="${fallback}"; filename*=UTF-8''${encoded}`;
}
