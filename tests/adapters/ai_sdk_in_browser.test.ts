/** useChat in a real browser, saved while it streams, and loaded in other pages. */
import * as esbuild from "esbuild";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { openChatPages, type Tab } from "../support/chat_page.ts";
import { png } from "../support/files.ts";
import { chromium, testWith } from "../support/platforms.ts";
import { stack } from "../support/stack.ts";

const picture = png(6, 5, 1);
const upload = `data:image/png;base64,${
  (png(4, 3, 2) as unknown as { toBase64(): string }).toBase64()
}`;

testWith(chromium, "Chromium", "a chat of useChat is kept whatever happens to it", async (path) => {
  await using pages = await openChatPages(path, "chat_page.tsx", picture);
  await using _ = { [Symbol.asyncDispose]: () => esbuild.stop() };
  const id = "chat of the SDK";
  const opened = async (which = id, isNew = false) => {
    const tab = await pages.open();
    await tab("open", stack.API_URL, stack.PUBLISHABLE_KEY, which, isNew);
    return tab;
  };
  type Shown = { id: string; role: string; parts: Record<string, unknown>[] }[];
  /** What a page shows is what another one loads. */
  const assertKept = async (tab: Tab, which = id): Promise<Shown> => {
    const shown = await tab<Shown>("shown");
    assertEquals(await (await opened(which))("shown"), shown);
    return shown;
  };

  const tab = await opened(id, true);
  await tab("send", {
    text: "everything, and wait",
    files: [{ type: "file", mediaType: "image/png", filename: "a.png", url: upload }],
  });
  // The second step has begun.
  await tab("saysAtLast", "I look it up.It is ");
  const half = await assertKept(tab);
  assertEquals(half.map(({ role }) => role), ["user", "assistant"]);
  pages.release();
  assertEquals(await tab("finished", 2), []);
  const first = await assertKept(tab);
  assertNotEquals(first, half);
  const kinds = first[1]!.parts.map(({ type, state }) => state ? `${type} ${state}` : type);
  assertEquals(kinds, [
    "data-progress",
    "step-start",
    "reasoning done",
    "text done",
    "source-url",
    "source-document",
    "file",
    "tool-lookUp output-available",
    "tool-fails output-error",
    "step-start",
    "text done",
  ]);

  await tab("regenerate");
  await tab("saysAtLast", "I look it up.It is ");
  pages.release();
  assertEquals(await tab("finished", 2), []);
  const again = await assertKept(tab);
  assertNotEquals(again[1]!.id, first[1]!.id);
  const copy = await opened(await tab<string>("throughZip", id));
  assertEquals(await copy("shown"), again);

  await tab("send", { text: "And then?" });
  assertEquals(await tab("finished", 4), []);
  const [, , third] = await tab<string[]>("ids");
  await tab("send", { text: "And before?", messageId: third });
  assertEquals(await tab("finished", 4), []);
  const edited = await assertKept(tab);
  assertEquals(edited[2]!.parts, [{ type: "text", text: "And before?" }]);

  // In a chat of its own, and with files of its own.
  await tab("branch", "a branch", 2);
  assertEquals(await (await opened("a branch"))("shown"), edited.slice(0, 2));

  await tab("send", { text: "wait for it" });
  await tab("saysAtLast", "You said: ");
  await tab("stop");
  assertEquals(await tab("finished", 6), []);
  await assertKept(tab);
  pages.release();

  await tab("remove", 4);
  assertEquals(await tab("finished", 5), []);
  await assertKept(tab);

  const other = await opened();
  await Promise.all([tab("send", { text: "one" }), other("send", { text: "two" })]);
  assertEquals(await Promise.all([tab("finished", 7), other("finished", 7)]), [[], []]);
  const both = await (await opened())<Shown>("shown");
  const [mine, theirs] = [await tab<Shown>("shown"), await other<Shown>("shown")];
  assertEquals(both.length, 9);
  for (const message of [...mine, ...theirs]) {
    assert(both.some(({ id }) => id === message.id), "neither tab loses anything");
  }
  assertEquals(pages.errors, []);
});
