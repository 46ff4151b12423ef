import { basename } from "node:path";
import { Failure, misuse } from "../../stack/failure.ts";
import type { StorageCommand } from "./command.ts";
import { noSuchObject } from "./failures.ts";
import { progress } from "./progress.ts";
import { describeSize } from "./sizes.ts";

function rangeOf(text: string | boolean | undefined) {
  if (text === undefined) return {};
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(String(text));
  const [start, end] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || start > end) throw misuse("--range takes the first and the last byte: 0-1023");
  return { range: { start, end } };
}

async function isThere(file: string): Promise<boolean> {
  return await Deno.lstat(file).then(() => true, () => false);
}

/** Writes to a file beside, which gets its name at the end: half a file never looks whole. */
async function save(body: ReadableStream<Uint8Array>, file: string): Promise<void> {
  const part = `${file}.part-${crypto.randomUUID()}`;
  try {
    const opened = await Deno.open(part, { write: true, createNew: true }).catch((error) => {
      throw new Failure(`${file} can't be written: ${error.message}`, "Name another file.");
    });
    await body.pipeTo(opened.writable);
    await Deno.rename(part, file);
  } catch (error) {
    if (!body.locked) await body.cancel().catch(() => {});
    await Deno.remove(part).catch(() => {});
    throw error;
  }
}

/** Reads an object into a file. */
export const get: StorageCommand = {
  usage: "get KEY [FILE] [--range START-END]",
  does: [
    "reads an object into a file (its own name); - is standard output.",
    "A file that is there already stays, unless --overwrite",
  ],
  takes: [1, 2],
  options: { range: { type: "string" }, overwrite: { type: "boolean" } },
  async run({ store, positionals: [key = "", named], options, json, terminal }) {
    const range = rangeOf(options["range"]);
    const file = named ?? basename(key);
    if (file !== "-" && !options["overwrite"] && await isThere(file)) {
      throw new Failure(`there is a file ${file} already`, "Add --overwrite to replace it.");
    }
    const object = await store.get(key, range);
    if (!object) throw noSuchObject(key);
    const body = object.body.pipeThrough(progress(terminal, key, object.size));
    if (file === "-") {
      await body.pipeTo(terminal.output, { preventClose: true });
      return 0;
    }
    await save(body, file);
    terminal.print(
      json
        ? JSON.stringify({ key, file, size: object.size, content_type: object.contentType })
        : `saved ${file} (${describeSize(object.size)})`,
    );
    return 0;
  },
};
