import type { StorageCommand } from "./command.ts";

/** Tells by its exit code whether there is an object. */
export const exists: StorageCommand = {
  usage: "exists KEY",
  does: ["exit code 0 if there is such an object, else 1"],
  takes: [1, 1],
  async run({ store, positionals: [key = ""], json, terminal }) {
    const found = await store.head(key) !== null;
    terminal.print(json ? JSON.stringify({ key, exists: found }) : found ? "yes" : "no");
    return found ? 0 : 1;
  },
};
