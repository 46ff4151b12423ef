import type { StorageCommand } from "./command.ts";
import { describeCount, describeSize } from "./sizes.ts";

/** Lists objects. */
export const ls: StorageCommand = {
  usage: "ls [PREFIX]",
  does: ["lists objects, with size and time; with --json one a line"],
  takes: [0, 1],
  async run({ store, positionals: [prefix = ""], json, terminal }) {
    let count = 0;
    let bytes = 0;
    for await (const page of store.list(prefix)) {
      for (const { key, size, modified } of page) {
        const time = modified.toISOString();
        terminal.print(
          json
            ? JSON.stringify({ key, size, modified: time })
            : `${time}  ${describeSize(size).padStart(9)}  ${key}`,
        );
        bytes += size;
      }
      count += page.length;
    }
    terminal.note(`${describeCount(count, "object")}, ${describeSize(bytes)}`);
    return 0;
  },
};
