/** `deno task demo`: the product's main job, on a real document, against the running stack. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { runDemo } from "./demo_steps.ts";
import { chosenStatusFile, readStatus, STATUS_OPTIONS } from "../stack/status_file.ts";
import { runTool } from "./tool.ts";

const HELP = `deno task demo [options]

Signs up a user, opens a PDF in a chat, keeps a conversation with page images
and search hits, prints it, exports it, and deletes it with all of its bytes.

  --out FOLDER        where the export is written (exports/demo)
  --data-dir FOLDER   data folder of the stack (.stack)
  --status-file FILE  its status file (DATA-DIR/status.json)
  --help`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { ...STATUS_OPTIONS, out: { type: "string", default: "exports/demo" } },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const status = await readStatus(chosenStatusFile(values));
  await runDemo(status, resolve(values.out), (line) => console.log(line));
  return 0;
}

if (import.meta.main) await runTool("demo", main);
