/**
 * Keeps a text that users and models wrote inside its place in a Markdown document.
 *
 * The text becomes a block quote. Whatever block it leaves open (a fence, a list, an HTML block) ends
 * where the quote ends (CommonMark 0.31, 5.1), so only what reaches past its own block has to be
 * taken away: raw HTML, and link reference definitions, which count for the whole document.
 *
 * @module
 */

/** U+2060: invisible, and enough to keep `<` from opening a tag. */
const WORD_JOINER = "\u2060";

/** A fence that may lie in a list or a quote, or stand on its own: only a whole parser could tell. */
const UNCERTAIN_FENCE = /^[\s>*+\-0-9.)]+(`{3,}|~{3,})/;
const OPENING_FENCE = /^(`{3,}(?=[^`]*$)|~{3,})/;
const CLOSING_FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*$/;
/** `<` that CommonMark may read as a tag, a comment, a declaration or an instruction. */
const TAG_START = /<(?=[A-Za-z/!?])/g;
/** `<https://…>` and `<name@host>` are links, not HTML; `<!`, `<?` and `</` are HTML at once. */
const AUTOLINK =
  /<(?![!?/])(?:[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*|[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+)>/g;
/** `[label]: …`, also inside lists and quotes, and `[` whose label goes on in the next line. */
const DEFINITION = /^([\s>*+\-0-9.)]*)\[(?=(?:[^\]\\]|\\.)+\]:|(?:[^\]\\]|\\.|\\$)*$)/;

/** @param maybeCode an entity inside code would be shown as it stands */
function withoutTags(line: string, maybeCode: boolean): string {
  if (!line.includes("<")) return line;
  const links = new Set([...line.matchAll(AUTOLINK)].map(({ index }) => index));
  // A back tick or an indentation means that this may be code as well.
  const careful = maybeCode || line.includes("`") || /^(?: {2}|\t)/.test(line);
  const harmless = careful ? `<${WORD_JOINER}` : "&lt;";
  return line.replace(TAG_START, (match, index) => links.has(index) ? match : harmless);
}

/**
 * Splits a text into lines as CommonMark does, without what Markdown or terminals can't carry.
 *
 * @returns at least one line
 */
export function linesOf(text: string): string[] {
  return text.toWellFormed().replaceAll("\0", "\ufffd").split(/\r\n|\r|\n/);
}

/**
 * Renders a text as a block quote that nothing in it can leave.
 *
 * @param text Markdown of any origin
 * @returns lines, each beginning with `>`
 */
export function contain(text: string): string[] {
  let fence: string | undefined;
  let uncertain = false;
  return linesOf(text).map((line) => {
    // A fence without indentation opens at the top: what is in it is code, and stays as it is. After
    // one that may or may not have opened, nothing is known to be code any more.
    if (fence && !uncertain) {
      if (CLOSING_FENCE.exec(line)?.[1]?.startsWith(fence)) fence = undefined;
    } else {
      uncertain ||= UNCERTAIN_FENCE.test(line);
      fence = OPENING_FENCE.exec(line)?.[1];
      line = withoutTags(line, uncertain).replace(DEFINITION, "$1\\[");
    }
    return line === "" ? ">" : `> ${line.replace(/^\t/, "    ")}`;
  });
}
