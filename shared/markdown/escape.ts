import { storableText } from "../storable.ts";

/**
 * Escapes a text for use inside one line of Markdown: a title, a file name, an alternative text.
 *
 * @param text any text; line breaks become spaces
 */
export function escapeInline(text: string): string {
  return storableText(text).replace(/\s+/g, " ").trim()
    .replace(/[\\`*_[\]<>&~|]/g, (char) => char === "<" ? "&lt;" : `\\${char}`)
    // What GitHub and others make a link of, with all the backslashes in it.
    .replace(/:(?=\/\/)|(?<=\bwww)\./gi, "\\$&")
    // What would begin a heading, a list or a rule at the start of a line.
    .replace(/^(\d{0,9})([#+\-=.)])/, "$1\\$2")
    // What would close a heading.
    .replace(/\s#+$/, (end) => ` \\${end.slice(1)}`);
}

/** Wraps a text in a code span that nothing in it can end. */
export function codeSpan(text: string): string {
  const line = storableText(text).replace(/\s+/g, " ").trim();
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
  const ticks = "`".repeat(longest + 1);
  const pad = /^`|`$/.test(line) || line === "" ? " " : "";
  return `${ticks}${pad}${line}${pad}${ticks}`;
}
