/** Two real tabs of one browser: one streams an answer, the other replays. */
import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assert, assertEquals } from "@std/assert";
import { installPackage } from "../support/installed_package.ts";
import { launchChromium, servePage } from "../support/packed_page.ts";
import { chromium, testWith } from "../support/platforms.ts";
import { Relay } from "../support/relay.ts";
import { stack } from "../support/stack.ts";

const SCRIPTS = join(PROJECT_ROOT, "tests/client/packed");
const PIECES = 60;

const folder = await installPackage();
for (const { name } of Deno.readDirSync(SCRIPTS)) {
  await Deno.copyFile(join(SCRIPTS, name), join(folder, name));
}

testWith(chromium, "Chromium", "two tabs share a store and lose nothing", async (path) => {
  const server = servePage(folder);
  await using relay = new Relay(Number(new URL(stack.API_URL).port));
  const browser = await launchChromium(path);
  try {
    const context = await browser.newContext();
    const errors: unknown[] = [];
    const tab = async () => {
      const page = await context.newPage();
      page.on("pageerror", (error) => errors.push(error));
      await page.goto(`http://127.0.0.1:${server.addr.port}/`);
      await page.waitForFunction("globalThis.readBack");
      const call = <T>(name: string, ...args: unknown[]) =>
        page.evaluate<T>(`${name}(...${JSON.stringify(args)})`);
      return Object.assign(call, { page });
    };
    const behindLine = { url: `http://127.0.0.1:${relay.port}`, key: stack.PUBLISHABLE_KEY };
    const [one, two] = [await tab(), await tab()];
    await one("signUp", behindLine);
    const chat = await one<string>("beginChat", behindLine);
    await two("openArchive", behindLine);

    // One tab streams, and reaches nobody. The other one replays all the time, on a line that goes up
    // and down.
    const ofStack = (url: URL) => url.port === String(relay.port);
    await one.page.route(ofStack, (route) => route.abort());
    const streaming = one<string>("stream", chat, PIECES);
    const replaying = two<number>("replayFor", 40);
    const weather = (async () => {
      for (let n = 0; n < 6; n++) {
        relay.become(n % 2 === 0 ? "cut" : "open");
        await two("pause", 150);
      }
    })();
    const [answer, replays] = await Promise.all([streaming, replaying, weather]);
    relay.become("open");
    await one.page.unroute(ofStack);
    assert(replays > 0, "the other tab has replayed something");
    const { contents } = await two<{ contents: string[] }>("readBack", behindLine, chat);
    assertEquals(contents, [answer]);
    assertEquals(await one("left"), { pending: 0, conflicts: 0 });
    assertEquals(await two("left"), { pending: 0, conflicts: 0 });
    assertEquals(errors, []);
  } finally {
    await browser.close();
    await server.shutdown();
  }
});
