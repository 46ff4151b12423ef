/** A reason why a command can't go on, worded for the person who ran it, and how to mend it. */
export class Failure extends Error {
  override readonly name = "Failure";
  /** What the person can do. */
  readonly mend: string;

  constructor(message: string, mend: string, options?: ErrorOptions) {
    super(message, options);
    this.mend = mend;
  }
}

/** Prints an error for people and returns the exit code: 1, or 2 when only the arguments are wrong. */
export function reportFailure(error: unknown): number {
  if (error instanceof Failure) {
    console.error(`error: ${error.message}\n  ${error.mend}`);
    return 1;
  }
  if (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE")) {
    console.error(`error: ${error.message}\n  See --help.`);
    return 2;
  }
  console.error(error);
  return 1;
}
