/**
 * Failures that are worded for the person who ran a command, and the exit codes of all commands.
 *
 * @module
 */
import { asTyped } from "./as_typed.ts";

/** What a command's exit code means. */
export const EXIT = {
  done: 0,
  /** It was tried and failed, or the answer is no. */
  failed: 1,
  /** Wrong arguments or settings: nothing was tried. */
  usage: 2,
  /** No stack is running, or a database, a bucket or an API does not answer. */
  unreachable: 3,
} as const;

/** A reason why a command can't go on, worded for the person who ran it, and what to do about it. */
export class Failure extends Error {
  override readonly name = "Failure";
  /** What the person can do. */
  readonly advice: string;
  /** Of the command: one of {@link EXIT}, by default `failed`. */
  readonly exitCode: number;

  constructor(message: string, advice: string, options: ErrorOptions & { exitCode?: number } = {}) {
    const { exitCode, ...rest } = options;
    super(message, rest);
    this.advice = advice;
    this.exitCode = exitCode ?? EXIT.failed;
  }
}

/** Wrong arguments or settings. */
export function misuse(message: string, advice = "See --help.", options?: ErrorOptions): Failure {
  return new Failure(message, advice, { ...options, exitCode: EXIT.usage });
}

/** Something that has to answer does not. */
export function unreachable(message: string, advice: string, options?: ErrorOptions): Failure {
  return new Failure(message, advice, { ...options, exitCode: EXIT.unreachable });
}

/** Prints an error for people. @returns the exit code: a failure's own, else `failed` */
export function reportFailure(error: unknown): number {
  if (error instanceof Failure) {
    console.error(asTyped(`error: ${error.message}\n  ${error.advice}`));
    return error.exitCode;
  }
  // As text: the stack passes on nothing else, because drivers write whole objects to the console.
  console.error(Deno.inspect(error));
  return EXIT.failed;
}
