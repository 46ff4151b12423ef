/**
 * Assertions with the names, arguments and meaning of `@std/assert`, whose registry can't be reached
 * from every machine that runs these tests. deno.json maps the name to this file; the workflow maps it
 * to the published package in one of its runs.
 *
 * @module
 */
import strict from "node:assert/strict";

/** Fails unless the value is truthy. */
export function assert(value: unknown, message?: string): asserts value {
  strict.ok(value, message);
}

/** Fails unless both are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  strict.deepEqual(actual, expected, message);
}

/** Fails if both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  strict.notDeepEqual(actual, expected, message);
}

/** Fails unless the text matches. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  strict.match(actual, expected, message);
}

/** Fails unless the text contains the other. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  strict.ok(actual.includes(expected), message ?? `${actual}\n does not contain\n${expected}`);
}

// deno-lint-ignore no-explicit-any -- any class, as in @std/assert
type Class<E> = new (...args: any[]) => E;

/** Fails unless the work rejects with the class. @returns the error */
export async function assertRejects<E extends Error>(
  work: () => Promise<unknown>,
  kind: Class<E>,
  includes = "",
): Promise<E> {
  // Only a promise counts: what throws before it returns one fails the test.
  const working = work();
  try {
    await working;
  } catch (error) {
    strict.ok(error instanceof kind, `expected ${kind.name}, got ${error}`);
    strict.ok(error.message.includes(includes), error.message);
    return error;
  }
  strict.fail(`expected ${kind.name}, nothing was thrown`);
}

/** Fails unless the work throws the class. @returns the error */
export function assertThrows<E extends Error>(
  work: () => unknown,
  kind: Class<E>,
  includes = "",
): E {
  try {
    work();
  } catch (error) {
    strict.ok(error instanceof kind, `expected ${kind.name}, got ${error}`);
    strict.ok(error.message.includes(includes), error.message);
    return error;
  }
  strict.fail(`expected ${kind.name}, nothing was thrown`);
}
