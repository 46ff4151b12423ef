/**
 * What tests/support/assert.ts takes, the published @std/assert takes too: whoever maps the name to
 * it needs to change no test. Read by the compiler only: see types.test.ts.
 */
import * as ours from "../support/assert.ts";

/** The signatures of @std/assert 1, as published, of the functions that the tests use. */
interface Published {
  assert(expr: unknown, msg?: string): asserts expr;
  assertEquals<T>(actual: T, expected: T, msg?: string, options?: object): void;
  assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
  assertMatch(actual: string, expected: RegExp, msg?: string): void;
  assertStringIncludes(actual: string, expected: string, msg?: string): void;
  assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    // deno-lint-ignore no-explicit-any -- as published
    ErrorClass: abstract new (...args: any[]) => E,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
  assertThrows<E extends Error = Error>(
    fn: () => unknown,
    // deno-lint-ignore no-explicit-any -- as published
    ErrorClass: abstract new (...args: any[]) => E,
    msgIncludes?: string,
    msg?: string,
  ): E;
}

/** Fails to compile where ours has a function, an argument or an order that the published one lacks. */
export function subset(published: Published): typeof ours {
  return published;
}

export function another(
  published: Omit<Published, "assertEquals"> & {
    assertEquals<T>(msg: string, actual: T, expected: T): void;
  },
): typeof ours {
  // @ts-expect-error -- arguments in another order
  return published;
}
