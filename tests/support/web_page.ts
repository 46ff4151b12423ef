/**
 * The page of examples/web in a real browser.
 *
 * @module
 */
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { assertEquals } from "@std/assert";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { launchChromium } from "./packed_page.ts";
import { eventually } from "./eventually.ts";
import { chromium, testWith } from "./platforms.ts";
import { stack } from "./stack.ts";

/** Milliseconds for what the page shows: on a busy machine, drawing pages takes its time. */
const LIMIT_MS = 60_000;
/** The first time, the packages of the page are installed. */
const INSTALL_LIMIT_MS = 300_000;

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

/** A browser of somebody, with what went wrong in it. */
export interface Visit extends AsyncDisposable {
  context: BrowserContext;
  page: Page;
  /** Errors of scripts, and what the Content-Security-Policy refused. */
  errors: string[];
}

/** Opens the page, as a new browser would. */
export async function visit(
  browser: Browser,
  viewport: typeof DESKTOP,
  options: { colorScheme?: "light" | "dark"; reducedMotion?: "reduce" } = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport,
    locale: "en-GB",
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  context.setDefaultTimeout(LIMIT_MS);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (/Content.Security.Policy|Minified React error/i.test(message.text())) {
      errors.push(message.text());
    }
  });
  await page.goto(stack.API_URL);
  await page.getByRole("heading", { level: 1, name: "Chat archive" }).waitFor();
  // Until it is bundled, the stack answers a notice that loads itself again.
  await page.locator("#root").waitFor({ timeout: INSTALL_LIMIT_MS });
  return { context, page, errors, [Symbol.asyncDispose]: () => context.close() };
}

/** Somebody who has no account yet. */
export const newAccount = () => ({
  email: `${crypto.randomUUID()}@example.com`,
  password: crypto.randomUUID(),
});

/** Creates an account, or signs in with it. */
export async function enter(
  page: Page,
  account: { email: string; password: string },
  button: "Create an account" | "Sign in",
) {
  await page.getByLabel("E-mail").fill(account.email);
  await page.getByLabel("Password").fill(account.password);
  await page.getByRole("button", { name: button }).click();
  await page.getByRole("button", { name: "New chat" }).or(page.locator(".tabs")).first().waitFor();
}

/** Installed with the page's packages, that is when it is bundled. */
const AXE = join(PROJECT_ROOT, "examples/web/node_modules", "axe-core", "axe.min.js");

/** Asserts that axe-core finds nothing serious on what the page shows now. */
export async function assertAccessible(page: Page, where: string) {
  await page.evaluate(await Deno.readTextFile(AXE));
  const violations = await page.evaluate<{ id: string; impact: string; targets: string[] }[]>(`
    axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
      violations.filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, impact, nodes }) => ({ id, impact, targets: nodes.map((n) => n.html) })))`);
  assertEquals(violations, [], where);
}

/** Where pictures of the page go; empty where none are wanted. See `deno task screenshots`. */
const PICTURES = Deno.env.get("SCREENSHOTS") ?? "";

/** Takes a picture of the page for the documents. */
export async function picture(page: Page, name: string) {
  if (PICTURES) await page.screenshot({ path: join(PROJECT_ROOT, PICTURES, `${name}.png`) });
}

/** Id of the chat that is shown. */
export const chatOf = (page: Page) => new URL(page.url()).hash.slice(1);
export const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
export const answers = (page: Page) => page.locator(".message.assistant");

/** Opens the sample in a new chat, and waits until its first page is drawn. */
export async function openSample(page: Page) {
  await button(page, "Open the sample").first().click();
  await page.locator(".page canvas").first().waitFor();
}

/** Asks, and waits for nothing. */
export async function send(page: Page, question: string) {
  await page.getByLabel("Ask about the document").fill(question);
  await button(page, "Send").click();
}

/** Asks, and waits until the answer has its pictures. */
export async function ask(page: Page, question: string) {
  await send(page, question);
  // Until it is answered, the last answer is that of another question.
  await eventually("the question is answered", async () => {
    const [asked, answer] = (await page.locator(".message").all()).slice(-2);
    return await answer?.and(answers(page)).isVisible() &&
      (await asked!.innerText()).includes(question);
  }, LIMIT_MS);
  await settled(page);
}

/** Waits until nothing is written or uploaded any more. */
export async function settled(page: Page) {
  await answers(page).last().locator(".picture").last().scrollIntoViewIfNeeded();
  await answers(page).last().locator(".picture img").last().waitFor();
  await page.locator(".upload").waitFor({ state: "detached" });
}

/** Runs work in a Chromium of its own. */
export const inBrowser = (name: string, work: (browser: Browser) => Promise<void>) =>
  testWith(chromium, "Chromium", name, async (executablePath) => {
    const browser = await launchChromium(executablePath);
    try {
      await work(browser);
    } finally {
      await browser.close();
    }
  });
