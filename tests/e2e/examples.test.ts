/** Each example runs, and says what it did. */
import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assertEquals, assertMatch } from "@std/assert";
import { stack } from "../support/stack.ts";

const SAYS: Record<string, RegExp> = {
  "attach_images_to_messages.ts": /\[page-8\.png, page-9\.png\]\n2 signed URLs\n$/,
  "delete_chat_with_objects.ts": /^done: 2 objects deleted\n2 objects deleted, 0 to go\n$/,
  "draw_boxes_on_images.ts":
    /^page-9\.png: pixels 68, 176, 612, 220\ncrop-9-table\.png: pixels 0, 76, 580, 114\nbzip2-manual\.pdf: application\/pdf, \d+ bytes\n$/,
  "export_to_markdown.ts": /^# bzip2 manual\n[^]*What is on page 8\?[^]*!\[p8\.png\]\(<http/,
  "read_full_history.ts":
    /^user: How .*\n {2}\[p8\.png, 680×880\]\nassistant: .*\n {2}page 9, block p9-b6, \[\[0\.12,0\.2,/,
  "save_chat_on_document_load.ts":
    /^bzip2 manual: bzip2-manual\.pdf, application\/pdf, \d+ bytes\n$/,
  "save_message_list.ts":
    /^assistant: About 3,700 kB\.\nuser: How much memory does this need\? \[page-8\.png\]\n$/,
  "store_viewport_images.ts":
    /page-8\.png: 138832 of 138832 bytes[^]*\nviewport 680×880\ncrop 580×304\n$/,
  "stream_answer_into_message.ts": /^assistant: bzip2 needs about 3,700 kB .* -9 made\.\n$/,
};

const folder = join(PROJECT_ROOT, "examples");
const examples = [...Deno.readDirSync(folder)].map(({ name }) => name)
  .filter((name) => name.endsWith(".ts") && name !== "signed_in.ts").toSorted();

Deno.test("each example is run", () => assertEquals(examples, Object.keys(SAYS)));

for (const name of examples) {
  Deno.test(`examples/${name}`, async () => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", join(folder, name)],
      env: { NO_COLOR: "1", SUPABASE_URL: stack.API_URL, SUPABASE_ANON_KEY: stack.PUBLISHABLE_KEY },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    assertMatch(new TextDecoder().decode(stdout), SAYS[name]!);
  });
}
