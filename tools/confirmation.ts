import { Failure, misuse } from "../stack/failure.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Asks before something is lost.
 *
 * @param yes --yes was given: nobody is asked
 * @throws {Failure} where the answer is no, or where there is no terminal and no --yes
 */
export function confirm(
  { yes, terminal }: { yes: boolean; terminal: Pick<Terminal, "ask"> },
  question: string,
): void {
  if (yes) return;
  const answer = terminal.ask(question);
  if (answer === undefined) {
    throw misuse(`${question} There is no terminal to ask at.`, "Add --yes to confirm.");
  }
  if (!answer) throw new Failure("not confirmed", "Nothing was changed.");
}
