/**
 * How commands find the stack that they work on.
 *
 * @module
 */
import { resolve } from "node:path";
import { Failure } from "../stack/failure.ts";
import {
  DEFAULT_DATA_DIR,
  readStatus,
  type StackStatus,
  statusFileOf,
} from "../stack/status_file.ts";

/** Options of every command that works on a running stack. */
export const STACK_OPTIONS = {
  "status-file": { type: "string" },
  "data-dir": { type: "string" },
} as const;

/** Their lines of a help text. */
export const STACK_HELP =
  `  --status-file FILE  the stack with this status file (DATA-DIR/status.json)
  --data-dir FOLDER   the stack that runs on this folder (.stack)`;

/** Values of {@link STACK_OPTIONS}. */
export interface StackChoice {
  "status-file"?: string | undefined;
  "data-dir"?: string | undefined;
}

/** Do the options name a stack? */
export function namesStack(choice: StackChoice): boolean {
  return choice["status-file"] !== undefined || choice["data-dir"] !== undefined;
}

/** The status file of the stack that is meant. */
export function chosenStatusFile(choice: StackChoice): string {
  return resolve(choice["status-file"] ?? statusFileOf(choice["data-dir"] ?? DEFAULT_DATA_DIR));
}

/**
 * The running stack that the options name, by default the one of `deno task start` without options.
 *
 * @param instead what the command takes in place of a stack, for the message
 * @throws {Failure} with {@link EXIT}.unreachable where none is running
 */
export async function findStack(choice: StackChoice, instead = ""): Promise<StackStatus> {
  try {
    return await readStatus(chosenStatusFile(choice));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const advice =
      `${error.advice} One with another folder is found with --data-dir FOLDER or --status-file FILE.`;
    throw new Failure(error.message, instead ? `${advice} ${instead}` : advice, {
      cause: error,
      exitCode: error.exitCode,
    });
  }
}
