import { Failure } from "../../stack/failure.ts";
import type { StorageCall } from "./command.ts";

/**
 * Asks before something is lost.
 *
 * @throws {Failure} where the answer is no, or where nobody can be asked and --yes was not given
 */
export function confirm({ yes, terminal }: StorageCall, question: string): void {
  if (yes) return;
  const answer = terminal.ask(question);
  if (answer === undefined) {
    throw new Failure(`${question} Nobody can be asked here.`, "Add --yes to confirm.", {
      exitCode: 2,
    });
  }
  if (!answer) throw new Failure("not confirmed", "Nothing was changed.");
}
