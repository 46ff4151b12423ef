import { basename } from "node:path";
import { misuse } from "../../stack/failure.ts";
import type { StorageCall, StorageCommand } from "./command.ts";
import { noSuchObject } from "./failures.ts";

/** S3's limit: 7 days. */
const LONGEST_SECONDS = 604_800;

function positive(name: string, value: string | boolean | undefined, max: number): number {
  const number = Number(value);
  if (value !== "" && Number.isInteger(number) && number >= 1 && number <= max) return number;
  throw misuse(`--${name} takes a whole number from 1 to ${max}`);
}

async function sign({ store, positionals: [key = ""], options }: StorageCall, expiresIn: number) {
  if (options["put"]) {
    const size = positive("size", options["size"], Number.MAX_SAFE_INTEGER);
    if (!options["type"]) throw misuse("--put needs --type: the URL is bound to it");
    return await store.presignPut({ key, contentType: String(options["type"]), size, expiresIn });
  }
  const head = await store.head(key);
  if (!head) throw noSuchObject(key);
  return await store.presignGet({
    key,
    fileName: String(options["name"] ?? basename(key)),
    contentType: head.contentType,
    expiresIn,
    disposition: "inline",
  });
}

/** Signs a URL. */
export const url: StorageCommand = {
  usage: "url KEY [--expires SECONDS] [--name FILE-NAME]",
  does: [
    "signs a URL that reads an object (for 3600 s);",
    "with --put --type TYPE --size BYTES one that writes it",
  ],
  takes: [1, 1],
  options: {
    expires: { type: "string", default: "3600" },
    name: { type: "string" },
    put: { type: "boolean" },
    type: { type: "string" },
    size: { type: "string" },
  },
  async run(call) {
    const expiresIn = positive("expires", call.options["expires"], LONGEST_SECONDS);
    const signed = await sign(call, expiresIn);
    const expires_at = new Date(Date.now() + expiresIn * 1000).toISOString();
    call.terminal.print(call.json ? JSON.stringify({ url: signed, expires_at }) : signed);
    return 0;
  },
};
