/**
 * Whatever a signed-in user sends to tables and functions through the Data API, it answers with a code
 * of the database's and never with a 5xx, and what somebody else has stays as it is.
 *
 * FUZZ_REQUESTS and FUZZ_SEED are those of tests/functions/fuzz.test.ts.
 */
import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { fuzz, hostileValue, jsonOf, mutated, queryOf, valueOf } from "../support/hostile.ts";
import { asOperator, stack } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

/** Milliseconds after which a request counts as hanging; a statement has 8 seconds. */
const HANGS_MS = 60_000;

const [user, other] = [await signUp(), await signUp()];
const mine = await user.createChat();
const theirs = await other.createChat("Not yours");
const ids = [mine, theirs];

const { tables, functions } = await asOperator(async (sql) => ({
  tables: await sql<{ name: string; columns: { name: string; type: string }[] }[]>`
    select c.relname as name,
           json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, null)))
             as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
    group by c.relname`,
  functions: await sql<{ name: string; names: string[]; types: string[] }[]>`
    select p.proname as name, coalesce(p.proargnames[1:p.pronargs], '{}') as names,
           array(select format_type(t, null) from unnest(p.proargtypes) t) as types
    from pg_proc p where p.pronamespace = 'public'::regnamespace`,
}));

/** Values of a type of PostgreSQL. */
function ofType(type: string): fc.Arbitrary<unknown> {
  if (type.endsWith("[]")) return fc.array(ofType(type.slice(0, -2)), { maxLength: 3 });
  if (type === "uuid") return valueOf({ type: "string", format: "uuid" }, ids);
  if (/^(integer|bigint)$/.test(type)) return fc.integer({ min: -2, max: 2000 });
  if (type === "boolean") return fc.boolean();
  if (type === "jsonb") return fc.oneof(fc.constantFrom([], {}, [0, 0, 1, 1]), fc.jsonValue());
  if (type.startsWith("timestamp")) return valueOf({ type: "string", format: "date-time" }, ids);
  return fc.oneof(fc.constantFrom("user", "image", "image/png", "complete"), fc.string());
}

/** A row, or the arguments of a function: some of its fields. */
const fieldsOf = (fields: { name: string; type: string }[]) =>
  mutated(
    fc.record(Object.fromEntries(fields.map(({ name, type }) => [name, ofType(type)])), {
      requiredKeys: [],
    }).map((row) => ({ ...row })),
  );

const FILTERS = [
  "eq",
  "neq",
  "lt",
  "gte",
  "like",
  "ilike",
  "match",
  "is",
  "in",
  "cs",
  "cd",
  "ov",
  "fts(russian)",
  "wfts",
  "not.eq",
  "or",
  "",
];

const values = hostileValue.map((value) =>
  typeof value === "string" ? value : JSON.stringify(value)
);

/** What a query of the Data API can hold. */
const queriesOn = (columns: string[]) =>
  queryOf(
    fc.dictionary(
      fc.oneof(
        fc.constantFrom(...columns),
        fc.constantFrom(
          "select",
          "order",
          "limit",
          "offset",
          "on_conflict",
          "columns",
          "or",
          "and",
        ),
      ),
      fc.oneof(
        fc.tuple(fc.constantFrom(...FILTERS), values).map(([how, value]) => `${how}.${value}`),
        fc.constantFrom(
          "*",
          "id,chats(*)",
          "*,chat_messages(*,chat_images(*))",
          "count()",
          "content.desc.nullsfirst",
          "metadata->a->>b",
          "id::text",
          "-1",
          "99999999999999999999",
          `(user_id.eq.${other.id})`,
        ),
      ),
      { maxKeys: 4 },
    ),
  );

const PREFER = [
  "return=representation",
  "return=minimal,count=exact",
  "count=planned",
  "count=estimated",
  "resolution=merge-duplicates,return=representation",
  "resolution=ignore-duplicates",
  "missing=default",
  "tx=rollback",
  "handling=strict,max-affected=1",
  "x",
];

interface RestRequest {
  path: string;
  method: string;
  query: string;
  prefer: string;
  body: string;
}

const requestsTo = (
  path: string,
  methods: string[],
  fields: { name: string; type: string }[],
): fc.Arbitrary<RestRequest> =>
  fc.record({
    path: fc.constant(path),
    method: fc.constantFrom(...methods),
    query: fc.oneof(fc.constant(""), queriesOn(fields.map(({ name }) => name).concat("id"))),
    prefer: fc.constantFrom(...PREFER),
    body: jsonOf(fc.oneof(fieldsOf(fields), fc.array(fieldsOf(fields), { maxLength: 3 }))),
  });

const requests = fc.oneof(
  ...tables.map(({ name, columns }) =>
    requestsTo(name, ["GET", "POST", "PATCH", "DELETE"], columns)
  ),
  ...functions.map(({ name, names, types }) =>
    requestsTo(
      `rpc/${name}`,
      ["POST", "POST", "POST", "GET"],
      names.map((name, index) => ({ name, type: types[index]! })),
    )
  ),
);

/** All that somebody else has, as the operator sees it. */
const belongings = () =>
  asOperator((sql) =>
    sql`select c.*, (select count(*)::int from public.chat_messages m where m.chat_id = c.id) as messages
        from public.chats c where c.user_id = ${other.id}`
  );

Deno.test("whatever a user sends to the Data API is answered, never with a 5xx", async () => {
  const before = await belongings();
  await fuzz(0.4, requests, async ({ path, method, query, prefer, body }) => {
    const response = await fetch(`${stack.API_URL}/rest/v1/${path}?${query}`, {
      method,
      headers: {
        apikey: stack.PUBLISHABLE_KEY,
        authorization: `Bearer ${user.token}`,
        "content-type": "application/json",
        prefer,
      },
      ...(method === "GET" || method === "DELETE" ? {} : { body }),
      signal: AbortSignal.timeout(HANGS_MS),
    });
    const text = await response.text();
    // The stand-in for PostgREST has failed by itself, before it asked the database.
    if (/"code":"SUP".*"(Type|Range)Error/.test(text)) return;
    assert(response.status < 500, `${response.status} ${text}`);
    if (response.ok) return;
    const error = JSON.parse(text);
    // A SQLSTATE, or PostgREST's own.
    assert(/^([0-9A-Z]{5}|PGRST\d{3})$/.test(error.code), text);
  });
  assertEquals(await belongings(), before);
});
