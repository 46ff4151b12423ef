/**
 * Names of files in a zip: as near to the real names as every file system allows.
 *
 * @module
 */
import { type ContentType, EXTENSION_OF } from "@shared/object-keys.ts";

/** UTF-8 bytes of a name. File systems allow 255, encrypting ones 143; a path has to fit as well. */
const MAX_BYTES = 120;
/** What Windows allows nowhere, control characters, and marks that turn the direction of text. */
const FORBIDDEN =
  // deno-lint-ignore no-control-regex -- exactly what a file name must not contain
  /[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]/g;
/** Devices of Windows, with any extension ("Naming Files, Paths, and Namespaces"). */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\.|$)/i;

/** Other names of the same type. */
const ALIASES: Partial<Record<ContentType, string[]>> = { "image/jpeg": ["jpeg", "jpe", "jfif"] };

/** Cuts a text to some bytes of UTF-8, between two characters that readers see. */
function cut(text: string, bytes: number): string {
  const encoder = new TextEncoder();
  let left = bytes;
  let end = 0;
  for (const { segment, index } of new Intl.Segmenter().segment(text)) {
    left -= encoder.encode(segment).length;
    if (left < 0) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}

/**
 * Makes one part of a path that Windows, macOS and Linux take as it is.
 *
 * @param fallback used where nothing is left
 */
export function safeName(text: string, fallback: string, bytes: number = MAX_BYTES): string {
  const plain = text.toWellFormed().normalize("NFC").replace(FORBIDDEN, "_").replace(/\s+/g, " ");
  // Windows drops dots and spaces at the end; Unix hides what begins with a dot.
  const trimmed = cut(plain.replace(/^[ .]+/, ""), bytes).replace(/[ .]+$/, "");
  if (trimmed === "") return fallback;
  return RESERVED.test(trimmed) ? `_${trimmed}` : trimmed;
}

/** Gives out names that differ, also where a file system ignores case. */
export class FileNames {
  /** Lower-case name, and how often it was asked for. */
  #taken = new Map<string, number>();

  /** A name for a file of a type, with its extension. */
  file(name: string, contentType: string, fallback: string): string {
    const extension = EXTENSION_OF[contentType as ContentType];
    const given = /\.([A-Za-z0-9]{1,8})\s*$/.exec(name)?.[1] ?? "";
    const fits = [extension, ...ALIASES[contentType as ContentType] ?? []]
      .includes(given.toLowerCase() as typeof extension);
    const end = fits ? `.${given}` : extension ? `.${extension}` : "";
    const stem = fits ? name.trimEnd().slice(0, -end.length) : name;
    return this.#unique(stem, end, fallback);
  }

  /** A name for a folder. */
  folder(name: string, fallback: string): string {
    return this.#unique(name, "", fallback);
  }

  #unique(text: string, end: string, fallback: string): string {
    const stem = safeName(text, fallback, MAX_BYTES - end.length);
    for (;;) {
      const first = (stem + end).toUpperCase().toLowerCase();
      const count = (this.#taken.get(first) ?? 0) + 1;
      this.#taken.set(first, count);
      if (count === 1) return stem + end;
      const mark = ` (${count})`;
      const name = safeName(stem, fallback, MAX_BYTES - end.length - mark.length) + mark + end;
      // Somebody may have called a file "a (2).png" before.
      const key = name.toUpperCase().toLowerCase();
      if (this.#taken.has(key)) continue;
      this.#taken.set(key, 1);
      return name;
    }
  }
}

/** A path in the zip as a link in Markdown's angle brackets: nothing in it is an escape. */
export function linkTo(path: string): string {
  return path.replace(/[% #]/g, (char) => encodeURIComponent(char));
}
