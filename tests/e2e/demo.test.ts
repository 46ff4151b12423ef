/** The demo's path, end to end, on the real document. */
import { join } from "node:path";
import { runDemo } from "../../tools/demo_steps.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { stack } from "../support/stack.ts";

Deno.test("the demo keeps, exports and deletes a document chat", async () => {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-demo-" });
  try {
    const lines: string[] = [];
    await runDemo(stack, folder, (line) => lines.push(line));
    const steps = lines.filter((line) => line.startsWith("✓"));
    assertEquals(steps.length, 10);
    assertMatch(steps[8]!, /Deleted the chat \(done\): 4 of 4 objects removed/);
    assertMatch(steps[9]!, /held 4 objects of the chat, and holds none/);

    const found = lines.slice(lines.findIndex((line) => line.includes("Searched for 3 things")));
    assertMatch(found.join("\n"), /message: .*\[memory\] .*\[decompress\]/);
    assertMatch(found.join("\n"), /message: .*\[архив\] \[повреждён\]/);
    assertMatch(found.join("\n"), /document: \[bzip2\]-\[manual\]\.pdf/);

    const markdown = await Deno.readTextFile(join(folder, "chat.md"));
    assertMatch(markdown, /^# bzip2 manual: memory and recovery\n/);
    assertEquals(markdown.match(/^## /gm)?.length, 4);
    assert(!markdown.includes("X-Amz"), "all links lead to the files beside it");
    for (const [, link] of markdown.matchAll(/\]\((images\/\d\.png|document\.pdf)\)/g)) {
      assert((await Deno.stat(join(folder, link!))).size > 10_000);
    }
    assertEquals(markdown.match(/\]\(images\/\d\.png\)/g)?.length, 3);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
