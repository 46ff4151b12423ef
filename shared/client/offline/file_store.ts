import type { Json } from "../../database.types.ts";
import type { OfflineStore } from "./store.ts";

/** The one file of a store. */
export interface AppendFile {
  /** All that it holds; empty where it does not exist yet. */
  read(): Promise<string>;
  /** Resolves when the text is on the disk, not only in a cache. */
  append(text: string): Promise<void>;
  /** Replaces all, at once: a crash leaves the old or the new. */
  replace(text: string): Promise<void>;
  close(): Promise<void>;
}

/** Lines that say nothing new any more, at which the file is written anew when it is opened. */
const STALE = 1000;

function lineOf(changes: [string, Json | undefined][]): string {
  return JSON.stringify(changes.map(([key, value]) => value === undefined ? [key] : [key, value])) +
    "\n";
}

/**
 * A store in one file: each write appends one line, which is whole or does not count. A process that
 * is killed while it writes loses that write only. One process at a time may use the file.
 */
export function fileStore(file: AppendFile): OfflineStore {
  const values = new Map<string, Json>();
  let torn = false;
  let queue: Promise<unknown> = load();

  const rewrite = () => file.replace([...values].map((entry) => lineOf([entry])).join(""));

  async function load() {
    const text = await file.read();
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    let lines = 0;
    for (const line of whole.split("\n")) {
      if (!line) continue;
      lines++;
      for (const [key, value] of JSON.parse(line) as [string, Json?][]) {
        if (value === undefined) values.delete(key);
        else values.set(key, value);
      }
    }
    // Also where a killed process left half a line: the next one must not be glued to it.
    if (whole !== text || lines > values.size + STALE) {
      await rewrite();
    }
  }

  /** One after the other: lines must not mix. */
  function inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const done = queue.then(work);
    queue = done.catch(() => {});
    return done;
  }

  return {
    read: (prefix) =>
      inTurn(() =>
        [...values].filter(([key]) => key.startsWith(prefix)).toSorted(([a], [b]) => a < b ? -1 : 1)
      ),
    write: (changes) =>
      inTurn(async () => {
        const news = [...changes].filter(([key, value]) =>
          JSON.stringify(values.get(key)) !== JSON.stringify(value)
        );
        if (news.length === 0) return;
        if (torn) await rewrite();
        // A disk that is full may have taken half of the line.
        torn = true;
        await file.append(lineOf(news));
        torn = false;
        for (const [key, value] of news) {
          if (value === undefined) values.delete(key);
          else values.set(key, structuredClone(value));
        }
      }),
    close: () => inTurn(() => file.close()),
  };
}
