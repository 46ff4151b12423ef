/**
 * Some users at once for some seconds, with a bucket that fails and waits, and the database gone in the middle:
 * what was acknowledged is there. `deno task bench load` does the same with more of everything.
 */
import { delay } from "@shared/async.ts";
import { Ledger } from "../../bench/load/ledger.ts";
import { settle } from "../../bench/load/settle.ts";
import { INTENDED, type Outcome, work } from "../../bench/load/virtual_user.ts";
import { assert, assertEquals } from "@std/assert";
import { startFaultyStack } from "../support/faulty_stack.ts";
import { asOperator, bucket } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const USERS = 8;
const SECONDS = 6;

Deno.test("users at once, while bucket and database fail: nothing acknowledged is lost", async () => {
  await using faulty = await startFaultyStack();
  const users = await Promise.all(Array.from({ length: USERS }, () => signUp(faulty.status)));
  const ledger = new Ledger();
  const outcomes: Outcome[] = [];
  const until = performance.now() + SECONDS * 1000;
  const working = users.map(({ id, client: db }) =>
    work({ id, db }, ledger, () => performance.now() < until, (one) => void outcomes.push(one))
  );
  faulty.bucket.faults = { cut: 0.05, slow: 0.05, delay: 300 };
  await delay(SECONDS * 500);
  faulty.database.become("cut");
  await delay(500);
  faulty.database.become("open");
  await Promise.all(working);
  faulty.bucket.faults = { cut: 0, slow: 0, delay: 0 };

  const unintended = outcomes.filter(({ error }) => error && !INTENDED.has(error));
  assertEquals(unintended, []);
  const { messages, images, deleted } = ledger.size;
  assert(messages > 0, `${outcomes.length} requests, no message`);
  console.log(
    `${outcomes.length} requests: ${messages} messages, ${images} images, ${deleted} deleted chats`,
  );
  await asOperator(async (sql) => {
    await settle(faulty.status, sql, users.map(({ id }) => id));
    assertEquals(await ledger.missing(sql, bucket), {
      messages: 0,
      images: 0,
      objects: 0,
      left: 0,
    });
  });
});
