/**
 * Keeps a text that users and models wrote inside its place in a Markdown document, whatever it is.
 *
 * The text becomes a block quote. Whatever block it leaves open (a fence, a list, an HTML block) ends
 * where the quote ends (CommonMark 0.31, 5.1), so only what reaches past its own block has to be
 * taken away: raw HTML, and link reference definitions, which count for the whole document.
 *
 * @module
 */
import {
  CLOSING_FENCE,
  DEFINITION,
  linesOf,
  OPENING_FENCE,
  SUSPECT,
  UNCERTAIN_FENCE,
} from "./lines.ts";
import { hasTags, tagRemover } from "./tags.ts";

/**
 * Renders a text as a block quote that nothing in it can leave.
 *
 * @param text Markdown of any origin
 * @returns lines, each beginning with `>`
 */
export function contain(text: string): string[] {
  const withoutTags = hasTags(text) ? tagRemover() : undefined;
  let fence: string | undefined;
  let uncertain = false;
  return linesOf(text).map((line) => {
    // A fence without indentation opens at the top: what is in it is code, and stays as it is. After
    // one that may or may not have opened, nothing is known to be code any more.
    if (fence && !uncertain) {
      const [, indent, closing] = CLOSING_FENCE.exec(line) ?? [];
      if (/^ {0,3}$/.test(indent!) && closing!.startsWith(fence)) fence = undefined;
    } else {
      const suspect = SUSPECT.test(line);
      uncertain ||= suspect && UNCERTAIN_FENCE.test(line);
      fence = suspect ? OPENING_FENCE.exec(line)?.[1] : undefined;
      if (withoutTags) line = withoutTags(line, uncertain || fence !== undefined);
      if (suspect) line = line.replace(DEFINITION, "$1\\[");
    }
    if (line === "") return ">";
    return line[0] === "\t" ? `>     ${line.slice(1)}` : `> ${line}`;
  });
}
