/**
 * Requests that somebody with bad intentions, or a bug, might send.
 *
 * @module
 */
import fc from "fast-check";

type Schema = Record<string, unknown>;

/** How many requests, from which seed: a failure prints its own. */
export const FUZZ = {
  requests: Number(Deno.env.get("FUZZ_REQUESTS") ?? 2000),
  ...(Deno.env.has("FUZZ_SEED") ? { seed: Number(Deno.env.get("FUZZ_SEED")) } : {}),
};

/** Characters of a request that are shown. */
const SHOWN = 2000;

/** Runs a property over a share of the requests. @param share of {@link FUZZ}, 0–1 */
export async function fuzz<T>(
  share: number,
  request: fc.Arbitrary<T>,
  send: (request: T) => Promise<void>,
): Promise<void> {
  const result = await fc.check(fc.asyncProperty(request, send), {
    numRuns: Math.ceil(FUZZ.requests * share),
    ...("seed" in FUZZ ? { seed: FUZZ.seed } : {}),
    // Smaller cases would meet another state of the server.
    endOnFailure: true,
  });
  if (!result.failed) return;
  const { seed, counterexample, errorInstance } = result;
  const [found] = counterexample ?? [];
  throw new Error(`FUZZ_SEED=${seed}: ${JSON.stringify(found)?.slice(0, SHOWN)}`, {
    cause: errorInstance,
  });
}

/** Text that breaks what trusts it. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "\0",
    "a\0b",
    "\ud83d",
    "\ude00x",
    "\u202e\u2028\ufeff",
    "'; drop table chats; --",
    "../../etc/passwd",
    "%00%ff",
    "\\u0000",
    "<script>",
    "null",
    "NaN",
    "1e999",
    "infinity",
    "__proto__",
    "constructor",
    "{}",
    "\r\nx-injected: 1",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "{00000000-0000-0000-0000-000000000000}",
  ),
  fc.constantFrom(256, 513, 1025, 65_537).map((length) => "x".repeat(length)),
  fc.constantFrom(256, 20_000).map((length) => "ы😀".repeat(length)),
  fc.string({ unit: "binary", maxLength: 20 }),
);

const hostileNumber = fc.oneof(
  fc.constantFrom(
    -1,
    -0,
    0,
    0.5,
    1,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    2 ** 53,
    1e21,
    1e308,
    5e-324,
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** One value in a thousand others. */
const nested = (depth: number): unknown =>
  Array.from({ length: depth }).reduce<unknown>((inner) => [inner], 1);

/** A value of any type. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, true, false, [], {}, [[]], [null], { a: { b: {} } }),
  hostileText,
  hostileNumber,
  fc.constantFrom(10, 501).map(nested),
  fc.constantFrom(101, 1001).map((length) => Array(length).fill(1)),
  fc.constant(JSON.parse('{"__proto__": {"toString": 1}, "constructor": null}')),
);

function bounded(schema: Schema, low: string, high: string, most: number) {
  const min = Number(schema[low] ?? 0);
  return { min, max: Math.max(min, Math.min(Number(schema[high] ?? most), min + most)) };
}

function textOf({ pattern, format, ...schema }: Schema, ids: readonly string[]) {
  if (format === "uuid") return fc.oneof(fc.constantFrom(...ids), fc.uuid());
  if (format === "date-time") return fc.date({ noInvalidDate: true }).map((d) => d.toISOString());
  if (format === "uri") return fc.webUrl();
  const { min, max } = bounded(schema, "minLength", "maxLength", 30);
  const any = fc.string({ unit: "grapheme", minLength: min, maxLength: max });
  if (typeof pattern !== "string") return any;
  return fc.oneof(any, fc.stringMatching(new RegExp(pattern)));
}

/**
 * What a JSON Schema asks for, as zod writes them.
 *
 * @param ids that ids are often one of
 */
export function valueOf(schema: Schema, ids: readonly string[]): fc.Arbitrary<unknown> {
  const of = (inner: unknown) => valueOf(inner as Schema, ids);
  const { type, anyOf, prefixItems, items, properties } = schema;
  if ("const" in schema) return fc.constant(schema["const"]);
  if (Array.isArray(schema["enum"])) return fc.constantFrom(...schema["enum"]);
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map(of));
  if (Array.isArray(prefixItems)) return fc.tuple(...prefixItems.map(of));
  switch (type) {
    case "string":
      return textOf(schema, ids);
    case "integer": {
      const { min, max } = bounded(schema, "minimum", "maximum", 1000);
      return fc.integer({ min, max });
    }
    case "number":
      return fc.double({ min: 0, max: 1, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "array": {
      const { min, max } = bounded(schema, "minItems", "maxItems", 4);
      return fc.array(of(items ?? {}), { minLength: min, maxLength: max });
    }
    case "object": {
      const fields = Object.entries(properties ?? {}).map(([name, inner]) => [name, of(inner)]);
      const required = (schema["required"] ?? []) as string[];
      return fc.record(Object.fromEntries(fields), { requiredKeys: required as never[] });
    }
    default:
      return hostileValue;
  }
}

/** Places in a value: each an object or list, and a key of it. */
function places(value: unknown, depth = 0): [container: object, key: string][] {
  if (typeof value !== "object" || value === null || depth > 10) return [];
  return Object.keys(value).flatMap((key) => [
    [value, key] as [object, string],
    ...places(Reflect.get(value, key), depth + 1),
  ]);
}

/** What is done to a place in a value. */
const mutation = fc.record({
  at: fc.nat(10_000),
  how: fc.constantFrom("replace", "remove", "add", "wrap", "repeat"),
  value: hostileValue,
  name: hostileText,
});

/** The same values with a few places changed. */
export function mutated(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(values, fc.array(mutation, { maxLength: 3 })).map(([value, mutations]) => {
    const whole = { value: structuredClone(value) };
    for (const { at, how, value: given, name } of mutations) {
      // Others are generated from the same constants.
      const other = structuredClone(given);
      const all = places(whole);
      const [container, key] = all[at % all.length] ?? [whole, "value"];
      const found = Reflect.get(container, key);
      if (how === "remove" && Array.isArray(container)) container.splice(Number(key), 1);
      else if (how === "remove") Reflect.deleteProperty(container, key);
      else if (how === "replace") Reflect.set(container, key, other);
      else if (how === "wrap") Reflect.set(container, key, { [name]: found });
      else if (Array.isArray(found)) {
        const added = how === "add" ? [other] : Array(101).fill(found[0] ?? other);
        Reflect.set(container, key, [...found, ...added]);
      } else if (typeof found === "object" && found !== null) {
        Reflect.set(container, key, { ...found, [name]: other });
      } else Reflect.set(container, key, [found, other]);
    }
    return whole.value;
  });
}

const damage = fc.record({ at: fc.nat(1_000_000), text: hostileText });

/** JSON of values, some of it such as no JSON.stringify writes. */
export function jsonOf(values: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const json = values.map((value) => JSON.stringify(value) ?? "");
  return fc.oneof(
    { weight: 8, arbitrary: json },
    { weight: 1, arbitrary: json.map((text) => text.replace(/\b\d+\b/, "1e999")) },
    {
      weight: 1,
      arbitrary: fc.tuple(json, fc.constantFrom(1000, 10_000, 100_000)).map(([text, depth]) =>
        // A value takes as much of the stack as it is deep.
        text.replace(/:("[^"\\]*"|\d+|null)/, `:${"[".repeat(depth)}${"]".repeat(depth)}`)
      ),
    },
    { weight: 1, arbitrary: json.map((text) => text.replace(/^\{/, '{"\\ud800": 1, "a": 1,')) },
    {
      weight: 1,
      arbitrary: fc.tuple(json, damage).map(([text, { at, text: other }]) =>
        text.slice(0, at % (text.length + 1)) + other + text.slice(at % (text.length + 1))
      ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(json, fc.nat(1_000_000)).map(([text, at]) =>
        text.slice(0, at % (text.length + 1))
      ),
    },
    { weight: 1, arbitrary: fc.constantFrom(1, 500, 100_000).map((depth) => "[".repeat(depth)) },
  );
}

/** Headers as `fetch` lets them through. */
export const hostileHeaders: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom(
    "x-request-id",
    "content-type",
    "content-encoding",
    "accept",
    "accept-encoding",
    "prefer",
    "range",
    "if-match",
    "origin",
    "apikey",
    "authorization",
    "x-client-info",
    "x-forwarded-for",
    "x-http-method-override",
    "cookie",
    "traceparent",
  ),
  fc.oneof(
    fc.constantFrom(
      "",
      "application/json",
      "application/json; charset=utf-16",
      "application/zip",
      "text/plain",
      "gzip",
      "null",
      "*",
      "*/*;q=0",
      "bytes=0-0",
      "return=representation, count=exact",
      "Bearer ",
      "Bearer x.y.z",
      "Basic eDp5",
    ),
    fc.constantFrom(200, 8000).map((length) => "x".repeat(length)),
    fc.string({
      // All that a client lets through.
      unit: fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0xa0, max: 0xff }))
        .map((n) => String.fromCharCode(n)),
    }),
  ),
  { maxKeys: 3 },
).map((headers) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => {
      try {
        new Headers({ [name]: value });
        return true;
      } catch {
        return false;
      }
    }),
  )
);

/** A query string. @param parameters that are often in it */
export function queryOf(parameters: fc.Arbitrary<object>): fc.Arbitrary<string> {
  const well = parameters.map((fields) =>
    new URLSearchParams(
      Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ).toString()
  );
  const text = hostileText.map((value) => value.slice(0, 2000));
  const queries = fc.oneof(
    { weight: 6, arbitrary: well },
    {
      weight: 2,
      arbitrary: fc.tuple(well, text, text).map(([query, name, value]) =>
        `${query}&${new URLSearchParams([[name, value]])}`
      ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(well, fc.constantFrom("%00", "%", "%zz", "%ed%a0%80", "&&=", "#")).map((
        [query, tail],
      ) => query + tail),
    },
  );
  // A server closes the connection over a longer one, before any function has it.
  return queries.map((query) => query.slice(0, 8000));
}
