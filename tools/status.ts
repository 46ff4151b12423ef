/** `deno task status`: addresses, keys and health of the running stack. */
import { HealthResponse } from "@shared/contracts/health.ts";
import { EXIT, unreachable } from "../stack/failure.ts";
import type { StackStatus } from "../stack/status_file.ts";
import { defineCommand, runCommand } from "./command.ts";
import { findStack, STACK_HELP, STACK_OPTIONS } from "./running_stack.ts";

/** Milliseconds. */
const HEALTH_TIMEOUT_MS = 5000;

async function healthOf({ FUNCTIONS_URL }: StackStatus): Promise<HealthResponse> {
  try {
    const response = await fetch(`${FUNCTIONS_URL}/health`, {
      signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
    });
    return HealthResponse.parse(await response.json());
  } catch (cause) {
    throw unreachable(
      `${FUNCTIONS_URL}/health does not answer (${(cause as Error).name})`,
      "Stop the stack, and start it again.",
      { cause },
    );
  }
}

/** A line for people: what is well, and what is not. */
function describeHealth({ status, checks }: HealthResponse): string {
  const parts = Object.entries(checks).map(([name, { status, reason, latency_ms }]) =>
    `${name} ${status}${reason ? ` (${reason})` : ""}, ${latency_ms} ms`
  );
  return `${status}: ${parts.join("; ")}`;
}

/** The command. */
export const command = defineCommand({
  name: "status",
  help: `deno task status [options]

Prints the addresses and keys of the running stack as JSON, with the names of
\`supabase status -o json\`, and on standard error how it is. Exit code 1 where a
part of it is down.

${STACK_HELP}
  --help`,
  options: STACK_OPTIONS,
  async run({ values, terminal }) {
    const status = await findStack(values);
    terminal.print(JSON.stringify(status, null, 2));
    const health = await healthOf(status);
    terminal.note(describeHealth(health));
    return health.status === "down" ? EXIT.failed : EXIT.done;
  },
});

if (import.meta.main) await runCommand(command);
