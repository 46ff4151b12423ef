/**
 * The client library's store on disk, for Deno and Node.
 *
 * @module
 */
import { type FileHandle, mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { type AppendFile, fileStore } from "../offline/file_store.ts";
import type { OfflineStore } from "../offline/store.ts";

/**
 * Keeps what is pending in one file, across restarts. One process at a time may use it.
 *
 * @param path of the file; its folder is created. It holds chats in the clear: only the user who runs
 *   the process may read it.
 */
export function diskStore(path: string): OfflineStore {
  let handle: FileHandle | undefined;
  const file: AppendFile = {
    async read() {
      try {
        return await readFile(path, "utf8");
      } catch (error) {
        if ((error as { code?: string }).code === "ENOENT") return "";
        throw error;
      }
    },
    async append(text) {
      if (!handle) {
        await mkdir(dirname(path), { recursive: true });
        handle = await open(path, "a", 0o600);
      }
      await handle.appendFile(text);
      await handle.datasync();
    },
    async replace(text) {
      await handle?.close();
      handle = undefined;
      const fresh = await open(`${path}.new`, "w", 0o600);
      await fresh.writeFile(text);
      await fresh.sync();
      await fresh.close();
      await rename(`${path}.new`, path);
    },
    async close() {
      await handle?.close();
      handle = undefined;
    },
  };
  return fileStore(file);
}
