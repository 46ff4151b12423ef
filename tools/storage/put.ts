import { extname } from "node:path";
import { EXTENSION_OF } from "@shared/object-keys.ts";
import { Failure, misuse } from "../../stack/failure.ts";
import type { StorageCall, StorageCommand } from "./command.ts";
import { progress } from "./progress.ts";
import { describeSize } from "./sizes.ts";

/** S3's limit for one request, bytes ("Uploading objects", Amazon S3 User Guide). */
const LARGEST = 5 * 1024 ** 3;

function typeOf(file: string): string {
  const extension = extname(file).slice(1).toLowerCase().replace("jpeg", "jpg");
  const known = Object.entries(EXTENSION_OF).find(([, own]) => own === extension);
  return known?.[0] ?? "application/octet-stream";
}

async function open(file: string, { options, terminal }: StorageCall) {
  if (file === "-") {
    const size = Number(options["size"] ?? NaN);
    if (!Number.isSafeInteger(size) || size < 0) {
      throw misuse("standard input needs --size BYTES: S3 wants to know it first");
    }
    return { size, body: terminal.input };
  }
  try {
    const { isFile, size } = await Deno.stat(file);
    if (!isFile) throw new Failure(`${file} is not a file`, "Put one file at a time.");
    return { size, body: (await Deno.open(file)).readable };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${file} can't be read: ${(error as Error).message}`, "Check its path.");
  }
}

/** Stores a file. */
export const put: StorageCommand = {
  usage: "put FILE KEY [--type TYPE]",
  does: [
    "stores a file; - is standard input, with --size BYTES.",
    "An object that is there already stays, unless --overwrite",
  ],
  takes: [2, 2],
  options: {
    type: { type: "string" },
    size: { type: "string" },
    overwrite: { type: "boolean" },
  },
  async run(call) {
    const { store, positionals: [file = "", key = ""], options, json, terminal } = call;
    if (!options["overwrite"] && await store.head(key)) {
      throw new Failure(`there is an object ${key} already`, "Add --overwrite to replace it.");
    }
    const { size, body } = await open(file, call);
    if (size > LARGEST) {
      await body.cancel();
      throw new Failure(`${file} is larger than ${describeSize(LARGEST)}`, "S3 takes no more.");
    }
    const contentType = String(options["type"] ?? typeOf(file));
    const etag = await store.put({
      key,
      size,
      contentType,
      body: body.pipeThrough(progress(terminal, key, size)),
    });
    terminal.print(
      json
        ? JSON.stringify({ key, size, content_type: contentType, etag })
        : `stored ${key} (${describeSize(size)}, ${contentType})`,
    );
    return 0;
  },
};
