/** How often a user calls the heavy functions: one bucket each, and none for whoever has no token. */
import { createChatArchive } from "@shared/client/mod.ts";
import { CONTRACTS } from "@shared/contracts/contracts.ts";
import { assert, assertEquals } from "@std/assert";
import { apiClient, workerClient } from "../support/api_client.ts";
import { cleanup } from "../support/deletion.ts";
import { eventually } from "../support/eventually.ts";
import { asOperator, logFile, ofEmbeddedStack } from "../support/stack.ts";
import { spoil } from "../support/tokens.ts";
import { assertError, request, signUp, type User } from "../support/users.ts";

const LIMITED = ["confirm-upload", "export-chat", "import-chat", "delete-account"];
const id = crypto.randomUUID();

/** A request that costs nothing beyond its token. */
const CHEAP: Record<string, RequestInit & { query?: string; status: number }> = {
  "confirm-upload": { method: "POST", body: JSON.stringify({ ids: [id] }), status: 404 },
  "export-chat": { method: "GET", query: `?chat_id=${id}`, status: 404 },
  "import-chat": { method: "POST", body: "{}", status: 400 },
  "delete-account": { method: "POST", body: JSON.stringify({ confirm: "no" }), status: 400 },
};

function call(user: User, name: string, headers: Record<string, string> = {}) {
  const { query = "", status: _, ...init } = CHEAP[name]!;
  return request(`${name}${query}`, {
    ...init,
    headers: {
      authorization: `Bearer ${user.token}`,
      "content-type": "application/json",
      ...headers,
    },
  });
}

/** Leaves so many tokens; until `frozen` seconds are over, none is added. */
const fill = (user: User, { tokens, frozen }: { tokens: number; frozen: number }) =>
  asOperator((sql) =>
    sql`update private.rate_buckets
        set tokens = ${tokens}, filled_at = clock_timestamp() + make_interval(secs => ${frozen})
        where user_id = ${user.id}`
  );

Deno.test("the functions with a rate are those of the contracts", () => {
  const limited = CONTRACTS.filter((one) => "isRateLimited" in one).map(({ name }) => name);
  assertEquals(limited.toSorted(), LIMITED.toSorted());
});

for (const name of LIMITED) {
  Deno.test(`${name}: at the rate, one above, and many at once`, async () => {
    const [user, other] = [await signUp(), await signUp()];
    const { status } = CHEAP[name]!;
    assertEquals((await call(user, name)).status, status);
    await fill(user, { tokens: 3, frozen: 60 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => call(user, name)));
    const statuses = answers.map((answer) => answer.status).toSorted();
    assertEquals(statuses, [...Array(3).fill(status), ...Array(7).fill(429)].toSorted());
    for (const answer of answers.filter(({ status }) => status === 429)) {
      assertError(answer, 429, "rate_limited");
      assertEquals(answer.headers.get("retry-after"), "1");
      assert(answer.headers.get("access-control-expose-headers")!.includes("retry-after"));
    }
    assertEquals((await call(other, name)).status, status, "others have their own");
    const another = LIMITED.find((one) => one !== name)!;
    assertEquals(
      (await call(user, another)).status,
      CHEAP[another]!.status,
      "and so has each function",
    );

    // A token comes back after half a second, at 120 a minute.
    await fill(user, { tokens: 0, frozen: -0.6 });
    assertEquals((await call(user, name)).status, status);
    await fill(user, { tokens: 0, frozen: 60 });
    assertError(await call(user, name), 429, "rate_limited");
  });
}

Deno.test("a bucket holds no more than a minute's tokens, and says how long to wait", async () => {
  const admin = workerClient();
  const user = await signUp();
  const take = async () =>
    (await admin.rpc("take_rate_token", { of_user: user.id, of_function: "x", per_minute: 2 }))
      .data;
  assertEquals([await take(), await take()], [0, 0]);
  const wait = (await take())!;
  assert(wait > 25 && wait <= 30, `${wait} s`);
  await fill(user, { tokens: 1, frozen: -86_400 });
  assertEquals([await take(), await take()], [0, 0]);
  assert((await take())! > 0, "a day does not add up");

  // What is full is forgotten by the worker, and what is not is kept.
  const buckets = async () =>
    (await asOperator((sql) => sql`select 1 from private.rate_buckets where user_id = ${user.id}`))
      .length;
  await cleanup();
  assertEquals(await buckets(), 1);
  await fill(user, { tokens: 0, frozen: -61 });
  await cleanup();
  assertEquals(await buckets(), 0);
});

Deno.test("the library waits, and asks again", async () => {
  const user = await signUp();
  const answers: number[] = [];
  const archive = createChatArchive(
    apiClient({
      token: user.token,
      async fetch(input, init) {
        const response = await fetch(input, init);
        if (String(input).includes("/functions/")) answers.push(response.status);
        return response;
      },
    }),
    { useDatabase: true },
  );
  const chat_id = await user.createChat();
  const read = async () => {
    const { body } = await archive.exportChat({ chat_id, format: "json" });
    return await new Response(body).text();
  };
  const content = await read();
  await fill(user, { tokens: 0.2, frozen: 0 });
  assert((await read()).includes(chat_id));
  assertEquals(answers, [200, 429, 200]);

  await archive.importChat({ content });
  await fill(user, { tokens: 0.2, frozen: 0 });
  answers.length = 0;
  await archive.importChat({ content });
  assertEquals(answers, [429, 201]);

  // Whoever does not want to wait says so.
  await fill(user, { tokens: 0, frozen: 60 });
  const reason = new Error("enough");
  const thrown = await archive.importChat({ content, signal: AbortSignal.timeout(300) })
    .catch((error) => error);
  assert(thrown instanceof DOMException && thrown.name === "TimeoutError", String(reason));
});

Deno.test("without a valid token nothing is asked of the database", ofEmbeddedStack, async () => {
  const user = await signUp();
  const operations = async (requestId: string): Promise<string[]> =>
    (await Deno.readTextFile(logFile)).split("\n")
      .filter((line) => line.includes(requestId)).map((line) => JSON.parse(line).operation);
  const logged = (name: string, requestId: string) =>
    eventually(
      `${name} is in the log`,
      async () => (await operations(requestId)).includes(name),
    );
  for (const name of LIMITED) {
    // The functions write few lines about queries, and other tests may have used them up.
    await eventually("with a token the log shows queries", async () => {
      const known = crypto.randomUUID();
      await call(user, name, { "x-request-id": known });
      await logged(name, known);
      return (await operations(known)).includes("query");
    });
    for (const fault of ["forged", "expired", "unsigned", "garbage"] as const) {
      const requestId = crypto.randomUUID();
      const authorization = `Bearer ${await spoil(user.token, fault)}`;
      const answer = await call(user, name, { authorization, "x-request-id": requestId });
      assertError(answer, 401, "unauthorized");
      await logged(name, requestId);
      assert(!(await operations(requestId)).includes("query"), `${name}, ${fault}`);
    }
  }
});
