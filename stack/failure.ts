/** A reason why a command can't go on, worded for the person who ran it, and how to mend it. */
export class Failure extends Error {
  override readonly name = "Failure";
  /** What the person can do. */
  readonly mend: string;
  /** Of the command: 1, unless it gives another one a meaning. */
  readonly exitCode: number;

  constructor(message: string, mend: string, options: ErrorOptions & { exitCode?: number } = {}) {
    const { exitCode, ...rest } = options;
    super(message, rest);
    this.mend = mend;
    this.exitCode = exitCode ?? 1;
  }
}

/** Prints an error for people. @returns the exit code: its own, 2 for bad arguments, else 1 */
export function reportFailure(error: unknown): number {
  if (error instanceof Failure) {
    console.error(`error: ${error.message}\n  ${error.mend}`);
    return error.exitCode;
  }
  if (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE")) {
    console.error(`error: ${error.message}\n  See --help.`);
    return 2;
  }
  // As text: the stack passes on nothing else, because drivers write whole objects to the console.
  console.error(Deno.inspect(error));
  return 1;
}
