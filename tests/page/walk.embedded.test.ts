/** The page of examples/web, as a person uses it: every path, on a desktop and on a phone. */
import { join } from "node:path";
import type { Page, Route } from "playwright-core";
import { assert, assertEquals } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import { chromium, testWith } from "../support/platforms.ts";
import { asOperator, keysBelow, stack } from "../support/stack.ts";
import {
  answers,
  ask,
  assertAccessible,
  button,
  chatOf,
  DESKTOP,
  enter,
  inBrowser,
  newAccount,
  openSample,
  PHONE,
  picture,
  send,
  settled,
  visit,
} from "../support/web_page.ts";

const QUESTION = "What does the block size affect?";

/** Whether a box of the reader is seen. */
async function boxIsInView(page: Page): Promise<boolean> {
  const box = await page.locator(".pages .box").first().boundingBox();
  const frame = await page.locator(".pages").boundingBox();
  return box !== null && frame !== null && box.y >= frame.y && box.y < frame.y + frame.height;
}

const messagesOf = (chat_id: string) =>
  asOperator((sql) =>
    sql`select role, content, (select count(*)::int from search_results r where r.message_id = m.id) hits,
        (select count(*)::int from chat_images i where i.message_id = m.id) images
        from chat_messages m where chat_id = ${chat_id} order by seq`
  );

async function conversation(page: Page) {
  await openSample(page);
  await ask(page, QUESTION);
  const first = await answers(page).last().innerText();
  assert(first.includes("No language model"), first);
  assert(first.includes("MEMORY MANAGEMENT") || /memory/i.test(first), first);
  assert(await answers(page).locator(".picture .box").count() >= 3, "page and crops have boxes");
  const [question, answer] = await messagesOf(chatOf(page));
  assertEquals([question!.role, question!.content, question!.images], ["user", QUESTION, 1]);
  assertEquals([answer!.role, answer!.hits, answer!.images], ["assistant", 3, 4]);

  await answers(page).locator('.picture[data-type="page"]').click();
  await eventually("the box is in view", () => boxIsInView(page));
  await assertAccessible(page, "conversation");
  await picture(page, "conversation");

  await answers(page).last().getByRole("button", { name: "Copy" }).click();
  const copied = await eventually(
    "something is copied",
    () => page.evaluate<string>("navigator.clipboard.readText()"),
  );
  assertEquals(copied, answer!.content);

  await answers(page).last().getByRole("button", { name: "Other passages" }).click();
  await eventually("another answer is kept", async () => {
    const rows = await messagesOf(chatOf(page));
    return rows.length === 2 && rows[1]!.content !== answer!.content && rows[1]!.images > 0;
  });
  await settled(page);

  await page.locator(".message.user").getByRole("button", { name: "Edit" }).click();
  await page.getByRole("textbox", { name: "Edit" }).fill("What does the -9 option do?");
  await button(page, "Save").click();
  await eventually("the edited question is answered", async () => {
    const rows = await messagesOf(chatOf(page));
    return rows.length === 2 && rows[0]!.content.includes("-9") && rows[1]!.images > 0;
  });
  await settled(page);
  await ask(page, "What is a block?");
  await answers(page).last().getByRole("button", { name: "Delete message" }).click();
  await eventually(
    "the answer is gone from the page",
    async () => await page.locator(".message").count() === 3,
  );
  const left = await messagesOf(chatOf(page));
  assertEquals(left.map(({ role }) => role), ["user", "assistant", "user"]);
}

async function lists(page: Page) {
  const list = page.getByRole("navigation", { name: "Chats" });
  await button(page, "Rename").click();
  await page.getByLabel("Title").fill("About bzip2");
  await button(page, "Save").click();
  await list.getByRole("link", { name: "About bzip2" }).waitFor();
  await button(page, "Pin").click();
  await list.getByRole("heading", { name: "Pinned" }).waitFor();
  await button(page, "Unpin").click();
  await list.getByRole("heading", { name: "Pinned" }).waitFor({ state: "detached" });
  await button(page, "Archive").click();
  await list.getByRole("link", { name: "About bzip2" }).waitFor({ state: "detached" });
  await list.getByLabel("Archived chats").check();
  await list.getByRole("link", { name: "About bzip2" }).waitFor();
  await button(page, "Back from the archive").click();
  await list.getByLabel("Archived chats").uncheck();
  await list.getByRole("link", { name: "About bzip2" }).waitFor();

  await list.getByRole("searchbox").fill("compres");
  await list.locator(".found mark").first().waitFor();
  await assertAccessible(page, "search");
  await list.locator(".found").filter({ hasText: "Passage" }).first().click();
  await eventually("the place that was found is in view", () => boxIsInView(page));
  await list.getByRole("searchbox").fill("zzzz");
  await list.getByText("Nothing is found.").waitFor();
  await list.getByRole("searchbox").fill("");
}

async function transfer(page: Page, folder: string) {
  const files: string[] = [];
  for (const name of ["Export as Markdown", "Export as zip"]) {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      button(page, name).click(),
    ]);
    const path = join(folder, download.suggestedFilename());
    await download.saveAs(path);
    files.push(path);
  }
  const [markdown, zip] = files;
  assert((await Deno.readTextFile(markdown!)).startsWith("# About bzip2"));
  const before = chatOf(page);
  await page.locator('input[type="file"][accept*="zip"]').setInputFiles(zip!);
  await eventually("the imported chat is shown", () => chatOf(page) !== before && chatOf(page));
  await answers(page).locator(".picture img").first().waitFor();
  const facts = (id: string) => messagesOf(id);
  assertEquals(await facts(chatOf(page)), await facts(before));
}

async function accountDialog(page: Page) {
  await button(page, "Account").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Bytes of files").waitFor();
  assert(await dialog.locator("meter").count() === 4);
  assert(Number(await dialog.locator("meter").first().getAttribute("value")) >= 2);
  await dialog.locator('[data-status="ok"]').first().waitFor();
  await assertAccessible(page, "account");
  await dialog.getByLabel("Theme").selectOption("dark");
  await assertAccessible(page, "account, dark");
  await dialog.getByLabel("Language").selectOption("ru");
  await dialog.getByText("Занято").waitFor();
  await button(page, "Закрыть").click();
  await page.getByRole("button", { name: "Новый чат" }).waitFor();
  await assertAccessible(page, "conversation, dark, Russian");
  await picture(page, "dark");
  await button(page, "Учётная запись").click();
  await dialog.getByLabel("Язык").selectOption("en");
  await dialog.getByLabel("Theme").selectOption("system");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
}

async function offline(page: Page) {
  const connection = page.getByRole("switch");
  const chat = chatOf(page);
  const before = (await messagesOf(chat)).length;
  await connection.uncheck();
  await ask(page, "Can it recover damaged files?");
  await answers(page).last().getByText("Not on the server yet").waitFor();
  await page.locator(".connection").getByText(/changes? waits?/).waitFor();
  await assertAccessible(page, "offline");
  assertEquals((await messagesOf(chat)).length, before);
  await connection.check();
  await eventually("what waited is on the server", async () => {
    const rows = await messagesOf(chat);
    return rows.length === before + 2 && rows.at(-1)!.images > 0;
  }, 60_000);
  await page.locator(".message .pending").first().waitFor({ state: "detached" });
}

async function deletion(page: Page) {
  const chat = chatOf(page);
  const [{ user_id }] = await asOperator((sql) =>
    sql`select user_id from chats where id = ${chat}`
  ) as unknown as [{ user_id: string }];
  const prefix = `${user_id}/${chat}/`;
  assert((await keysBelow(prefix)).length > 3, "it has a document and images");
  await button(page, "Delete the chat").click();
  const dialog = page.getByRole("dialog");
  await assertAccessible(page, "deletion");
  await dialog.getByRole("button", { name: "Delete the chat" }).click();
  await dialog.getByText("the bucket holds nothing of this chat").waitFor();
  assertEquals(await dialog.getByTestId("objects-pending").innerText(), "0");
  assert(Number(await dialog.getByTestId("objects-deleted").innerText()) > 3);
  assertEquals(await keysBelow(prefix), []);
  await button(page, "Close").click();
  await page.getByRole("heading", { name: "Open a document, then ask about it." }).waitFor();
}

inBrowser("the page on a desktop: every path, from an account to a receipt", async (browser) => {
  await using visited = await visit(browser, DESKTOP);
  const { page, errors } = visited;
  const folder = await Deno.makeTempDir();
  try {
    await assertAccessible(page, "sign-in");
    await enter(page, newAccount(), "Create an account");
    await conversation(page);
    await lists(page);
    await transfer(page, folder);
    await accountDialog(page);
    await offline(page);
    await deletion(page);
    assertEquals(errors, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

inBrowser("an answer deleted while it is saved stays deleted", async (browser) => {
  await using visited = await visit(browser, DESKTOP);
  const { page, errors } = visited;
  await enter(page, newAccount(), "Create an account");
  await openSample(page);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  await page.route(/rpc\/save_messages/, async (route: Route) => {
    if (route.request().postData()?.includes('"assistant"')) await released;
    await route.continue();
  });
  await send(page, QUESTION);
  await button(page, "Send").waitFor();
  await answers(page).getByRole("button", { name: "Delete message" }).click();
  // Time for a deletion that would not wait.
  await page.waitForTimeout(1000);
  release();
  await answers(page).waitFor({ state: "detached" });
  const rows = await messagesOf(chatOf(page));
  assertEquals(rows.map(({ role }) => role), ["user"]);
  await page.reload();
  await page.locator(".message.user").waitFor();
  assertEquals(await answers(page).count(), 0);
  assertEquals(errors, []);
});

inBrowser("what was read before a change does not undo it", async (browser) => {
  await using visited = await visit(browser, DESKTOP);
  const { page, errors } = visited;
  await enter(page, newAccount(), "Create an account");
  await openSample(page);
  await ask(page, QUESTION);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: held, resolve: hold } = Promise.withResolvers<void>();
  const ofTheChat = (url: URL) =>
    url.pathname.endsWith("/chats") && url.search.includes(chatOf(page));
  const shown = page.waitForResponse((response) =>
    ofTheChat(new URL(response.url())) && response.request().method() === "GET"
  );
  await page.route(ofTheChat, async (route: Route) => {
    const response = await route.fetch();
    hold();
    await released;
    await route.fulfill({ response });
  }, { times: 1 });
  await page.evaluate("dispatchEvent(new Event('focus'))");
  await held;
  await button(page, "Pin").click();
  await button(page, "Unpin").waitFor();
  release();
  await shown;
  await page.waitForTimeout(500);
  assert(await button(page, "Unpin").isVisible(), "it is still pinned");
  assertEquals(errors, []);
});

inBrowser("the page on a phone: one pane at a time", async (browser) => {
  await using visited = await visit(browser, PHONE);
  const { page, errors } = visited;
  const tab = (name: string) => page.locator(".tabs").getByRole("button", { name, exact: true });
  await button(page, "Continue as the demo user").click();
  await button(page, "New chat").waitFor();
  await assertAccessible(page, "phone, list");
  await button(page, "New chat").click();
  await button(page, "Open the sample").click();
  await button(page, QUESTION).waitFor();
  assert(!await button(page, "New chat").isVisible(), "the list has made room");
  await button(page, QUESTION).click();
  await settled(page);
  await assertAccessible(page, "phone, chat");
  await picture(page, "phone");
  await answers(page).last().locator(".picture").first().click();
  await eventually("the box is in view", () => boxIsInView(page));
  assert(!await answers(page).last().isVisible(), "the chat has made room");
  await assertAccessible(page, "phone, document");
  await tab("Chat").click();
  await button(page, "Delete the chat").click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete the chat" }).click();
  await page.getByText("the bucket holds nothing of this chat").waitFor();
  await button(page, "Close").click();
  await tab("Chats").click();
  await button(page, "Account").click();
  await page.getByRole("dialog").getByText("Bytes of files").waitFor();
  await assertAccessible(page, "phone, account");
  await button(page, "Sign out").click();
  await page.getByLabel("E-mail").waitFor();
  const width = await page.evaluate<number>("document.documentElement.scrollWidth");
  assertEquals(width, PHONE.width, "nothing is wider than the phone");
  assertEquals(errors, []);
});

inBrowser(
  "two browsers of one user see each other's changes on the next focus",
  async (browser) => {
    await using here = await visit(browser, DESKTOP);
    await using there = await visit(browser, DESKTOP);
    const account = newAccount();
    await enter(here.page, account, "Create an account");
    await enter(there.page, account, "Sign in");
    const focus = (page: Page) => page.evaluate("dispatchEvent(new Event('focus'))");
    const link = (page: Page, name: string) =>
      page.getByRole("navigation").getByRole("link", { name });
    await openSample(here.page);
    await focus(there.page);
    await link(there.page, "bzip2-manual").first().click();
    await there.page.locator(".page canvas").first().waitFor();
    await ask(here.page, QUESTION);
    assertEquals(await there.page.locator(".message").count(), 0);
    await focus(there.page);
    await answers(there.page).locator(".picture img").first().waitFor();
    await there.page.locator(".message.user").getByRole("button", { name: "Delete message" })
      .click();
    await eventually(
      "it is gone there",
      async () => await there.page.locator(".message").count() === 1,
    );
    await focus(here.page);
    await eventually(
      "it is gone here",
      async () => await here.page.locator(".message").count() === 1,
    );
    assertEquals([here.errors, there.errors], [[], []]);
  },
);

testWith(
  chromium,
  "Chromium",
  "the page comes with a strict policy, and no script of its own in it",
  async () => {
    const response = await fetch(stack.API_URL);
    const html = await response.text();
    assertEquals(response.status, 200, html);
    const policy = response.headers.get("content-security-policy")!;
    for (const rule of ["default-src 'none'", "style-src 'self'", "frame-ancestors 'none'"]) {
      assert(policy.includes(rule), policy);
    }
    assert(!/unsafe-inline|unsafe-eval'/.test(policy.replace("'wasm-unsafe-eval'", "")), policy);
    assert(!/<script(?![^>]* src=)|<style|style=| on\w+=/.test(html), html);
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");
    for (const path of ["/assets/%2e%2e/sources.txt", "/assets/none.js", "/sources.txt"]) {
      const other = await fetch(stack.API_URL + path);
      await other.body?.cancel();
      assertEquals(other.status, 404, path);
    }
  },
);
