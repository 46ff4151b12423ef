/** What `deno task start` prints next is what its user can type. */
import { join } from "node:path";
import { DEFAULT_DATA_DIR } from "../../stack/status_file.ts";
import { commandLine } from "../../tools/start.ts";
import { assertEquals } from "@std/assert";

const own = join(DEFAULT_DATA_DIR, "status.json");

Deno.test("the next command has the launcher and the status file in use", () => {
  assertEquals(commandLine("demo", own, {}), "deno task demo");
  assertEquals(commandLine("demo", own, { npm_command: "exec" }), "npx -y deno@2 task demo");
  assertEquals(commandLine("status", "/a/b.json", {}), "deno task status --status-file /a/b.json");
  assertEquals(commandLine("status", "/a/status.json", {}), "deno task status --data-dir /a");
  assertEquals(
    commandLine("status", "/it's here/b.json", {}),
    `deno task status --status-file '/it'\\''s here/b.json'`,
  );
});
