/** `deno task status`: addresses, keys and health of the running stack. */
import { parseArgs } from "node:util";
import { HealthResponse } from "@shared/contracts/health.ts";
import {
  chosenStatusFile,
  readStatus,
  type StackStatus,
  STATUS_OPTIONS,
} from "../stack/status_file.ts";
import { runTool } from "./tool.ts";

const HELP = `deno task status [options]

Prints the addresses and keys of the running stack as JSON, with the names of
\`supabase status -o json\`, and on standard error how it is.

  --data-dir FOLDER   data folder of the stack (.stack)
  --status-file FILE  its status file (DATA-DIR/status.json)
  --help

Exit code 0: running. 1: not running, or a part of it is down.`;

/** A line for people: what is well, and what is not. */
async function describeHealth(
  { FUNCTIONS_URL }: StackStatus,
): Promise<{ ok: boolean; text: string }> {
  try {
    const response = await fetch(`${FUNCTIONS_URL}/health`, { signal: AbortSignal.timeout(5000) });
    const health = HealthResponse.parse(await response.json());
    const parts = Object.entries(health.checks).map(([name, { status, reason, latency_ms }]) =>
      `${name} ${status}${reason ? ` (${reason})` : ""}, ${latency_ms} ms`
    );
    return { ok: health.status !== "down", text: `${health.status}: ${parts.join("; ")}` };
  } catch (error) {
    return { ok: false, text: `no answer from health (${(error as Error).name})` };
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: STATUS_OPTIONS });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const status = await readStatus(chosenStatusFile(values));
  console.log(JSON.stringify(status, null, 2));
  const { ok, text } = await describeHealth(status);
  console.error(text);
  return ok ? 0 : 1;
}

if (import.meta.main) await runTool("status", main);
