/**
 * Finds the texts that may stand in a Markdown document as they were written.
 *
 * In CommonMark a line without indentation after a blank one ends every paragraph, list and quote, and
 * our headings are such lines. What reaches past them: a fence that stays open, raw HTML, definitions of
 * links, and what other kinds of Markdown add (math, comments, directives, front matter). One look at
 * each line finds them. Fences and lists are followed only as far as their place is certain; where only
 * a whole parser could tell, the text is not taken.
 *
 * @module
 */
import {
  CLOSING_FENCE,
  DEFINITION,
  isBlank,
  linesOf,
  OPENING_FENCE,
  SUSPECT,
  UNCERTAIN_FENCE,
} from "./lines.ts";
import { hasTags, tagRemover, WORD_JOINER } from "./tags.ts";

/** Level of the highest heading that a message may hold: below its own. */
const HIGHEST = 3;
const LOWEST = 6;

/** A line that begins with none of these, after its indentation, is text. */
const MARK = /[\s#>*+\-_=0-9[<:`~$]/;
const BREAK = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const UNDERLINE = /^ {0,3}(?:=+|-+)[ \t]*$/;
/** An item of a list that is not empty and does not begin with code. */
const ITEM = /^ {0,3}([-*+]|\d{1,9}[.)]) {1,4}(?=\S)/;
/** A quote, or what may be an item of a list. */
const CONTAINER = /^(?:[>\s]|(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$))/;
/** Also in quotes and lists that begin in the same line. */
const HEADING = /^( {0,3}(?:> ?|(?:[-*+]|1[.)]) )*)(#{1,6})(?=[ \t]|$)/;
/** A directive, or a tag that may open a block; a link in angle brackets opens none. */
const FOREIGN_BLOCK = /^[\s>*+\-0-9.)]*(?::::|<(?=[A-Za-z/!?])(?![A-Za-z][^\s<>:@]*[:@][^\s<>]*>))/;
/** GitLab's fence of a quote. */
const QUOTE_FENCE = /^ *>>>[ \t]*$/;
/** An address in angle brackets, or in the next line, is not to be taken for a tag. */
const ODD_ADDRESS = /\]\(\s*(?:<|$)/;

/** What the line before leaves open: nothing, a paragraph of one line, or anything else. */
type Before = "nothing" | "paragraph" | "other";

/** A code block that is open. */
interface Fence {
  marks: string;
  /** Columns before it. */
  indent: number;
  /** Columns before the content of the innermost item that surely holds it. */
  base: number;
}

class Scan {
  readonly #lines: string[];
  readonly #withoutTags: ReturnType<typeof tagRemover> | undefined;
  readonly #signs: boolean;
  readonly #headings: { line: number; at: number; level: number }[] = [];
  /** Where the content of each open item of a list begins. Some may be missing, none is wrong. */
  readonly #items: number[] = [];
  #before: Before = "nothing";
  /** The last line that was not blank. */
  #last = "";
  #fence: Fence | undefined;
  /** Columns before the sign that opened a formula. */
  #math: number | undefined;
  #frontMatter = false;
  /** Lines below headings that were taken into them. */
  readonly removed = new Set<number>();

  /** @param lines are changed in place */
  constructor(lines: string[], text: string) {
    this.#lines = lines;
    this.#withoutTags = hasTags(text) ? tagRemover() : undefined;
    this.#signs = text.includes("$$") || text.includes("%%");
  }

  /** @returns whether nothing in the text reaches past its end */
  run(): boolean {
    const { length } = this.#lines;
    for (let n = 0; n < length; n++) if (!this.#read(n)) return false;
    this.#lowerHeadings();
    return this.#fence === undefined && this.#math === undefined;
  }

  #lowerHeadings() {
    // As many as a message has lines: too many for the arguments of one call.
    const highest = this.#headings.reduce((least, { level }) => Math.min(least, level), LOWEST);
    for (const { line: n, at, level } of this.#headings) {
      const line = this.#lines[n]!;
      const lowered = Math.min(level + Math.max(0, HIGHEST - highest), LOWEST);
      this.#lines[n] = line.slice(0, at) + "#".repeat(lowered) + line.slice(at + level);
    }
  }

  /** @returns false where the text can't be taken; so do the others */
  #read(n: number): boolean {
    const line = this.#lines[n]!;
    if (this.#fence) return this.#readCode(line, this.#fence);
    if (isBlank(line)) {
      this.#withoutTags?.(line, false);
      this.#frontMatter = false;
      this.#before = "nothing";
      return true;
    }
    // Pandoc takes `---` with a text below it for front matter, anywhere in a document.
    if (this.#frontMatter) return false;
    let indent = 0;
    while (line[indent] === " ") indent++;
    if (this.#withoutTags && !this.#removeTags(n, line)) return false;
    if (this.#signs && !this.#readSigns(line, indent)) return false;
    const open = this.#items.length;
    while (this.#items.length > 0 && this.#items.at(-1)! > indent) this.#items.pop();
    const begins = this.#before === "nothing" && indent === 0 ? "paragraph" : "other";
    const before = MARK.test(line[indent]!)
      ? this.#readMark(n, line, indent, begins, this.#items.length < open)
      : begins;
    if (before === undefined) return false;
    this.#before = before;
    this.#last = line;
    return true;
  }

  #readCode(line: string, { marks, indent, base }: Fence): boolean {
    // A line with less indentation ends the item that may hold the code, and the code with it.
    if (indent > 0 && !isBlank(line) && !line.startsWith(" ".repeat(indent))) return false;
    const [, space, closing] = CLOSING_FENCE.exec(line) ?? [];
    if (space === undefined || !closing!.startsWith(marks)) return true;
    if (space.includes("\t")) return indent === 0;
    if (space.length > base + 3) return space.length > indent + 3;
    this.#fence = undefined;
    this.#withoutTags?.("", false);
    return true;
  }

  #removeTags(n: number, line: string): boolean {
    const cleaned = this.#withoutTags!(line, false);
    this.#lines[n] = cleaned;
    return !line.includes("](") ||
      !ODD_ADDRESS.test(line) && !cleaned.includes(`<${WORD_JOINER}`);
  }

  /** Formulas, which some take across blank lines to the end of the document, and Obsidian's comments. */
  #readSigns(line: string, indent: number): boolean {
    if (line.includes("%%")) return false;
    const open = this.#math;
    if (open !== undefined && indent < open) return false;
    const { length } = line.split("$$");
    if (length === 1) return true;
    if (line.trim() === "$$") {
      this.#math = open === undefined ? indent : undefined;
      return true;
    }
    return open === undefined && length % 2 === 1 &&
      (line.startsWith("$$", indent) ? length === 3 && line.trimEnd().endsWith("$$") : true);
  }

  /** @returns undefined where the text can't be taken; so do the others */
  #readMark(
    n: number,
    line: string,
    indent: number,
    begins: Before,
    itemEnded: boolean,
  ): Before | undefined {
    const suspect = SUSPECT.test(line);
    if (suspect && (DEFINITION.test(line) || FOREIGN_BLOCK.test(line))) return undefined;
    if (this.#before !== "nothing" && UNDERLINE.test(line)) return this.#readUnderline(n);
    let base = this.#items.at(-1) ?? 0;
    let rest = base > 0 ? line.slice(base) : line;
    if (BREAK.test(rest)) {
      this.#frontMatter = /^---[ \t]*$/.test(line);
      return "nothing";
    }
    const [item, sign] = ITEM.exec(rest) ?? [];
    // Within a paragraph a number other than 1 is text.
    if (item && (this.#before === "nothing" || itemEnded || /^(?:\D|1\D)/.test(sign!))) {
      base += item.length;
      rest = line.slice(base);
      this.#items.push(base);
      indent = base;
      if (!MARK.test(rest[0]!)) return "other";
    }
    const first = line[indent];
    if (first === "`" || first === "~") {
      const [marks] = OPENING_FENCE.exec(line.slice(indent)) ?? [];
      if (marks) {
        if (this.#math !== undefined) return undefined;
        this.#fence = { marks, indent, base };
        // What follows the marks is no HTML.
        this.#lines[n] = line;
        return "nothing";
      }
    }
    if (suspect && UNCERTAIN_FENCE.test(line)) return undefined;
    // Our own quotes of sources follow such a line; GitLab has a fence of `>`.
    if (first === ">" && (this.#last.trim() === "Sources:" || QUOTE_FENCE.test(line))) {
      return undefined;
    }
    const heading = line.includes("#") && HEADING.exec(rest);
    if (heading) {
      if (this.#math !== undefined) return undefined;
      const at = base + heading[1]!.length;
      this.#headings.push({ line: n, at, level: heading[2]!.length });
      return "nothing";
    }
    return item || CONTAINER.test(line) ? "other" : begins;
  }

  /** An underline makes a heading of the paragraph above it, if that surely is one. */
  #readUnderline(n: number): Before | undefined {
    const title = this.#lines[n - 1]!;
    // With a `|` it may be the head of a table.
    if (this.#before !== "paragraph" || this.#math !== undefined || title.includes("|")) {
      return undefined;
    }
    const trimmed = title.trimEnd();
    // Parsers differ on other kinds of white space there.
    if (!/^[ \t]*$/.test(title.slice(trimmed.length))) return undefined;
    const level = this.#lines[n]!.includes("=") ? 1 : 2;
    // Signs at the end would close the heading.
    const text = trimmed.replace(/(^|[ \t])(#+)$/, "$1\\$2");
    this.#lines[n - 1] = `${"#".repeat(level)} ${text}`;
    this.removed.add(n);
    this.#headings.push({ line: n - 1, at: 0, level });
    return "nothing";
  }
}

/**
 * Renders a text as it was written, where nothing in it reaches past its end.
 *
 * Headings are lowered below that of a message, tags are shown as text, and blank lines around it are
 * left out.
 *
 * @param text Markdown of any origin
 * @returns undefined where something may reach past its end
 */
export function asWritten(text: string): string | undefined {
  const lines = linesOf(text);
  const scan = new Scan(lines, text);
  if (!scan.run()) return undefined;
  const kept = scan.removed.size > 0 ? lines.filter((_, n) => !scan.removed.has(n)) : lines;
  let start = 0;
  let end = kept.length;
  while (start < end && isBlank(kept[start]!)) start++;
  while (end > start && isBlank(kept[end - 1]!)) end--;
  return kept.slice(start, end).join("\n");
}
