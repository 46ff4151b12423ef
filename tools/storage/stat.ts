import type { StorageCommand } from "./command.ts";
import { noSuchObject } from "./failures.ts";
import { describeSize } from "./sizes.ts";

/** Shows facts about an object. */
export const stat: StorageCommand = {
  usage: "stat KEY",
  does: ["shows an object's size, type, time and ETag"],
  takes: [1, 1],
  async run({ store, positionals: [key = ""], json, terminal }) {
    const head = await store.head(key);
    if (!head) throw noSuchObject(key);
    const { size, contentType, modified, etag } = head;
    if (json) {
      const facts = {
        key,
        size,
        content_type: contentType,
        modified: modified.toISOString(),
        etag,
      };
      terminal.print(JSON.stringify(facts));
      return 0;
    }
    terminal.print(`key       ${key}`);
    terminal.print(`size      ${describeSize(size)} (${size.toLocaleString("en")} bytes)`);
    terminal.print(`type      ${contentType}`);
    terminal.print(`modified  ${modified.toISOString()}`);
    terminal.print(`etag      ${etag}`);
    return 0;
  },
};
