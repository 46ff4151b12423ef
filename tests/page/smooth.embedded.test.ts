/** The page of examples/web under way: what streams, what is stopped, what is long, what comes late. */
import type { Browser, Page, Route } from "playwright-core";
import { assert, assertEquals } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import { asOperator } from "../support/stack.ts";
import {
  answers,
  ask,
  button,
  chatOf,
  DESKTOP,
  enter,
  inBrowser,
  newAccount,
  openSample,
  send,
  settled,
  visit,
} from "../support/web_page.ts";

/** Milliseconds of a task that a person does not notice. */
const MAX_TASK_MS = 50;
/** Below 0.1 is "good" for a page's whole life. On a quiet machine it is 0, on a very busy one 0.011. */
const MAX_SHIFT = 0.02;

/** Begins to add up what moves without being asked to. @returns reads the sum */
async function layoutShift(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(`globalThis.shift = 0;
    globalThis.shifted?.disconnect();
    globalThis.shifted = new PerformanceObserver((list) => {
      for (const { value, hadRecentInput } of list.getEntries()) {
        if (!hadRecentInput) globalThis.shift += value;
      }
    });
    globalThis.shifted.observe({ type: "layout-shift" });`);
  return () => page.evaluate<number>("globalThis.shift");
}

/**
 * The longest task of the page's main thread while something is done, in milliseconds of its processor
 * time: what other processes of a busy machine take is not the page's.
 */
async function longestTask(browser: Browser, page: Page, work: () => Promise<unknown>) {
  await browser.startTracing(page, { categories: ["toplevel"] });
  await work();
  const { traceEvents } = JSON.parse(new TextDecoder().decode(await browser.stopTracing())) as {
    traceEvents: {
      name: string;
      tid: number;
      pid: number;
      tdur?: number;
      args: { name?: string };
    }[];
  };
  const threads = new Set(
    traceEvents.filter(({ args }) => args.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = traceEvents.filter(({ pid, tid, tdur }) => tdur && threads.has(`${pid} ${tid}`));
  assert(tasks.length > 0, "the trace has tasks");
  return Math.max(...tasks.map(({ tdur }) => tdur!)) / 1000;
}

const lastMessage = (chat_id: string) =>
  asOperator(async (sql) => {
    const [row] = await sql`select role, content, status from chat_messages
      where chat_id = ${chat_id} order by seq desc limit 1`;
    return row;
  });

inBrowser(
  "an answer moves nothing while it comes, can be stopped, and its pictures have their space",
  async (browser) => {
    await using visited = await visit(browser, DESKTOP);
    const { page, errors } = visited;
    await enter(page, newAccount(), "Create an account");
    await page.evaluate(`globalThis.progress = new Set();
      new MutationObserver(() => {
        const text = document.querySelector(".upload")?.innerText;
        if (text) globalThis.progress.add(text.trim());
      }).observe(document.body, { subtree: true, childList: true, characterData: true });`);
    await openSample(page);
    const told = await page.evaluate<string[]>("[...globalThis.progress]");
    assert(told.every((text) => /^Uploading … \d+ %$/.test(text)), told.join());
    assert(told.includes("Uploading … 0 %") && told.length > 1, `told: ${told}`);

    const question = "What does the block size affect?";
    await page.evaluate(`new MutationObserver((_, observer) => {
      const text = document.querySelector(".message.assistant .text")?.innerText ?? "";
      if (text.length < 40) return;
      observer.disconnect();
      document.querySelector('[aria-label="Stop"]').click();
    }).observe(document.body, { subtree: true, childList: true, characterData: true });`);
    await send(page, question);
    await answers(page).getByText("Stopped").waitFor();
    await button(page, "Send").waitFor();
    await settled(page);
    const stopped = await lastMessage(chatOf(page));
    assertEquals([stopped?.role, stopped?.status], ["assistant", "incomplete"]);

    const shift = await layoutShift(page);
    await ask(page, question);
    const sum = await shift();
    assert(sum < MAX_SHIFT, `layout shift while streaming: ${sum}`);
    const whole = await lastMessage(chatOf(page));
    assertEquals(whole?.status, "complete");
    assert(whole!.content.length > 2 * stopped!.content.length, "half of it was stopped");
    assert(whole!.content.startsWith(stopped!.content.trim()), stopped!.content);

    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await page.route(/\.webp/, async (route: Route) => {
      await released;
      await route.continue();
    });
    await page.reload();
    const pictures = answers(page).last().locator(".picture");
    await pictures.first().waitFor();
    const sizes = () =>
      pictures.evaluateAll((all) => all.map((one) => [one.clientWidth, one.clientHeight]));
    const before = await sizes();
    assert(before.length === 4 && before.every(([, height]) => height! > 20), String(before));
    release();
    await settled(page);
    assertEquals(await sizes(), before);
    assertEquals(errors, []);
  },
);

inBrowser("the list of chats goes on to its end by key", async (browser) => {
  await using visited = await visit(browser, DESKTOP);
  const { page, errors } = visited;
  const account = newAccount();
  await enter(page, account, "Create an account");
  // One statement gives all of them one time: only the id tells one page's end.
  await asOperator((sql) =>
    sql`insert into chats (user_id, title) select u.id, 'Chat ' || n
      from auth.users u, generate_series(1, 100) n where u.email = ${account.email}`
  );
  await page.evaluate("dispatchEvent(new Event('focus'))");
  const links = page.locator(".chat-link");
  await links.first().waitFor();
  assert(await links.count() < 100, "not all at once");
  await eventually("all chats are there", async () => {
    await links.last().scrollIntoViewIfNeeded();
    return await links.count() >= 100;
  });
  assertEquals(new Set(await links.allInnerTexts()).size, 100);
  assertEquals(await links.count(), 100);
  assertEquals(errors, []);
});

inBrowser(
  "a chat of 10,000 messages begins at its end, and scrolls smoothly",
  async (browser) => {
    await using visited = await visit(browser, DESKTOP);
    const { page, errors } = visited;
    const account = newAccount();
    await enter(page, account, "Create an account");
    const id = crypto.randomUUID();
    await asOperator(async (sql) => {
      await sql`insert into chats (id, user_id, title)
        select ${id}, id, 'Long' from auth.users where email = ${account.email}`;
      await sql`insert into chat_messages (chat_id, user_id, role, content)
        select id, user_id, case when n % 2 = 1 then 'user' else 'assistant' end,
          'Message ' || n || repeat(' and some **text** of it', n % 7)
        from chats, generate_series(1, 10000) n where id = ${id} order by n`;
    });
    await page.evaluate(`location.hash = "${id}"`);
    await page.getByText("Message 10000").waitFor();
    const first = async () => {
      const text = await page.locator(".message .text").first().innerText();
      return Number(/Message (\d+)/.exec(text)?.[1]);
    };
    await page.locator(".messages").hover();
    const longest = await longestTask(
      browser,
      page,
      () =>
        eventually("earlier messages come, page by page", async () => {
          await page.mouse.wheel(0, -200);
          return await first() < 9800;
        }, 60_000),
    );
    assert(longest < MAX_TASK_MS, `a task took ${longest} ms`);
    assert(await page.locator(".message").count() < 250, "what is far away is not drawn");
    await page.evaluate(`document.querySelector(".messages").scrollTop = 1e6`);
    await page.getByText("Message 10000").waitFor();
    assertEquals(errors, []);
    console.log(`longest task while scrolling: ${longest.toFixed(1)} ms`);
  },
);
