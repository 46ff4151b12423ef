/**
 * Raw HTML becomes text that reads the same.
 *
 * @module
 */
import { isBlank } from "./lines.ts";

/** U+2060: invisible, and enough to keep `<` from opening a tag. An entity would be seen in code. */
export const WORD_JOINER = "\u2060";

/**
 * `<` that CommonMark may read as a tag, a comment, a declaration or an instruction. `<https://…>` and
 * `<name@host>` are links; `<!`, `<?` and `</` are HTML at once.
 */
const TAG_START =
  /<(?=[A-Za-z/!?])(?!(?![!?/])(?:[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*|[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+)>)/g;
/** A link may hold a back tick that begins nothing. */
const LINK_WITH_TICK = /<[^\s<>`]*`[^\s<>]*>/;
/** A code block without a fence may begin here. */
const INDENTED = /^[\s>*+\-0-9.)]*(?: {4}|\t)/;

/** @returns whether a text holds what may be a tag */
export const hasTags = (text: string): boolean => text.includes("<") && text.search(TAG_START) >= 0;

/** Code spans of a line, and where the first begins that may end in another line. */
interface Code {
  spans: [number, number][];
  open: number;
}

const NO_CODE: Code = { spans: [], open: Infinity };

function codeSpans(line: string): Code {
  const runs: { index: number; length: number }[] = [];
  /** The last run of each length. */
  const last: number[] = [];
  for (let index = line.indexOf("`"); index >= 0;) {
    let end = index;
    while (line[end] === "`") end++;
    last[end - index] = runs.push({ index, length: end - index }) - 1;
    index = line.indexOf("`", end);
  }
  const spans: [number, number][] = [];
  let open = Infinity;
  for (let n = 0; n < runs.length; n++) {
    let { index, length } = runs[n]!;
    // A backslash makes a character of the first back tick, unless it is one itself.
    if (isEscaped(line, index)) [index, length] = [index + 1, length - 1];
    if (length === 0) continue;
    if ((last[length] ?? -1) > n) {
      while (runs[++n]!.length !== length);
      spans.push([index, runs[n]!.index]);
    } else open = Math.min(open, index);
  }
  return { spans, open };
}

/** After a backslash a sign is a character; two of them are one that was escaped itself. */
function isEscaped(line: string, index: number): boolean {
  let start = index;
  while (line[start - 1] === "\\") start--;
  return (index - start) % 2 === 1;
}

/**
 * Makes a function that takes the lines of a text in their order, and returns each without tags.
 *
 * In a code span a `<` stays as it is. Where nothing but a whole parser could tell whether it lies in
 * code, U+2060 follows it, which is right in both; elsewhere it becomes an entity.
 */
export function tagRemover(): (line: string, maybeCode: boolean) => string {
  // Of the paragraph so far: a link, whose address may hold back ticks; a code span that has not ended.
  let linked = false;
  let open = false;
  return (line, maybeCode) => {
    if (isBlank(line)) linked = open = false;
    if (!linked) linked = line.includes("](");
    const ticks = line.includes("`");
    const tags = line.includes("<");
    if (!ticks && !tags) return line;
    const code = ticks ? codeSpans(line) : NO_CODE;
    // A cell of a table ends all code spans in it.
    const doubtful = maybeCode || open || ticks &&
        (linked || tags && (line.includes("|") || LINK_WITH_TICK.test(line)));
    if (code.open < Infinity || ticks && doubtful) open = true;
    if (!tags) return line;
    const outside = INDENTED.test(line) ? `<${WORD_JOINER}` : "&lt;";
    let span = 0;
    return line.replace(TAG_START, (match, index) => {
      if (isEscaped(line, index)) return match;
      if (doubtful || index > code.open) return match + WORD_JOINER;
      while (span < code.spans.length && code.spans[span]![1] < index) span++;
      return index > (code.spans[span]?.[0] ?? Infinity) ? match : outside;
    });
  };
}
