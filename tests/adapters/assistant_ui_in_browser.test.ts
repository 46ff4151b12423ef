/** assistant-ui in a real browser: its runtimes with the archive's adapters, and other pages that load. */
import * as esbuild from "esbuild";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { openChatPages, type Tab } from "../support/chat_page.ts";
import { png } from "../support/files.ts";
import { chromium, testWith } from "../support/platforms.ts";
import { stack } from "../support/stack.ts";

const picture = png(60, 50, 1);

/** The runtime of a page's own model, and that of the AI SDK, whose messages have a format. */
for (const kind of ["local", "aiSdk"]) {
  const name = `a thread of assistant-ui is kept whatever happens to it: ${kind}`;
  testWith(chromium, "Chromium", name, async (path) => {
    await using pages = await openChatPages(path, "thread_page.tsx", picture);
    await using _ = { [Symbol.asyncDispose]: () => esbuild.stop() };
    const opened = async (id?: string, isNew = false, isOther = false) => {
      const tab = await pages.open(isOther);
      await tab("open", stack.API_URL, stack.PUBLISHABLE_KEY, kind, isNew, id);
      return tab;
    };
    const settled = async (tab: Tab) => {
      await tab("settled");
      assertEquals(await tab("errors"), []);
    };
    /** What a page has is what another one loads. @returns that one */
    const assertKept = async (tab: Tab): Promise<Tab> => {
      await settled(tab);
      const other = await opened(await tab<string>("remoteId"));
      assertEquals(await other("all", kind), await tab("all", kind));
      return other;
    };

    const tab = await opened(undefined, true);
    const told = await tab<{ type: string; progress: number }[]>(
      "attach",
      [...picture],
      "a.png",
      "image/png",
    );
    assertEquals(told.at(-1), { type: "requires-action", reason: "composer-send" } as object);
    const progress = told.slice(0, -1).map(({ progress }) => progress);
    assertEquals([progress[0], progress.at(-1)], [0, 1]);
    await tab("send", "first, and wait");
    await tab("saysAtLast", "You said: ");
    // A page that comes in the middle has what was saved, and nothing that is wrong.
    await settled(tab);
    const early = await opened();
    await early("switchTo", await tab<string>("remoteId"));
    await early("loaded");
    // The runtime of the AI SDK saves a question with its answer.
    assertEquals(await early("texts"), kind === "local" ? ["first, and wait"] : []);
    pages.release();
    await tab("release");
    await tab("saysAtLast", "You said: first, and wait");
    await tab("finished", 2);
    const second = await assertKept(tab);
    const [question] = await second<{ attachments: object[] }[]>("shown");
    assertEquals(question!.attachments.length, 1);

    // The page that was loaded goes on.
    await second("send", "second");
    await second("finished", 4);
    await second("regenerate", 3);
    await second("finished", 4);
    assertEquals(await second("branches", 3), [2, 2]);
    await second("edit", 2, "second, better");
    await second("saysAtLast", "You said: second, better");
    await second("finished", 4);
    assertEquals(await second("branches", 2), [2, 2]);
    const third = await assertKept(second);
    assertEquals(await third("branches", 2), [2, 2]);
    await third("branch", 2, "previous");
    assertEquals(await third("texts"), [
      "first, and wait",
      "You said: first, and wait",
      "second",
      "You said: second",
    ]);
    assertEquals((await third<number[]>("branches", 3))[1], 2);

    await third("rate", 3, "negative", "Too short.");
    await third("rate", 1, "positive");
    await settled(third);
    const rated = await opened(await tab<string>("remoteId"));
    assertEquals(await rated("feedback", 1), { type: "positive" });
    await rated("branch", 2, "previous");
    assertEquals(await rated("feedback", 3), { type: "negative", comment: "Too short." });

    await rated("send", "wait for it");
    await rated("saysAtLast", "You said: ");
    await rated("stop");
    await rated("finished", 6);
    const status = await rated<{ type: string }>("statusAtLast");
    assertEquals(status.type, "incomplete");
    const stopped = await assertKept(rated);
    // What the AI SDK has to say of a message holds no status.
    if (kind === "local") assertEquals(await stopped("statusAtLast"), status);
    assertEquals((await stopped<string[]>("texts")).at(-1), "You said: ");

    const id = await tab<string>("remoteId");
    const stranger = await opened(undefined, true, true);
    const refusal = await stranger("switchTo", id).then(() => "", String);
    assertMatch(refusal, /not_found|no such chat/);
    assertEquals(await stranger("list"), { regular: [], archived: [] });

    await tab("item", "rename", "Apollo");
    await tab("newThread");
    await tab("send", "another");
    await tab("finished", 2);
    await settled(tab);
    assert(await tab<string>("remoteId") !== id, "a thread of its own");
    const lists = async () => await (await opened())("list");
    assertEquals(await lists(), { regular: ["another", "Apollo"], archived: [] });
    await tab("item", "archive", id);
    assertEquals(await lists(), { regular: ["another"], archived: ["Apollo"] });
    await tab("item", "unarchive", id);
    await tab("item", "delete", id);
    assertEquals(await lists(), { regular: ["another"], archived: [] });
    assertEquals(pages.errors, []);
  });
}
