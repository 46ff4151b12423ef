/** What must hold for every line that functions log, whatever they did. */
import type { StackStatus } from "../../stack/status_file.ts";

/** Stands in titles, messages, hits and file names of a test: it must never be found in a log. */
export const CANARY = "canary-4b1f";

/** The platform's limit. */
const LINE_LIMIT = 10_000;

/** Fields of the line that each operation writes. */
const FIELDS = ["time", "level", "operation", "request_id", "outcome", "duration_ms"];

function secretsOf(status: StackStatus): [string, RegExp][] {
  const literal = (text: string) => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return [
    ["the secret key", literal(status.SECRET_KEY)],
    ["the bucket's secret", literal(status.S3_PROTOCOL_ACCESS_KEY_SECRET)],
    ["the bucket's access key", literal(status.S3_PROTOCOL_ACCESS_KEY_ID)],
    ["an access token", /eyJ[\w-]{8,}\.[\w-]+\./],
    ["a signed URL", /X-Amz-(Signature|Credential)/i],
    ["an address with a password", /\w+:\/\/[^\s:/]+:[^\s@/]+@/],
    ["what a user wrote", literal(CANARY)],
  ];
}

/** @returns what is wrong with a log: nothing, if all is well */
export function faultsOfLog(log: string, status: StackStatus): string[] {
  const secrets = secretsOf(status);
  return log.split("\n").filter(Boolean).flatMap((line) => {
    const found = secrets.filter(([, pattern]) => pattern.test(line)).map(([name]) => name);
    const faults = found.map((name) => `a line holds ${name}`);
    if (line.length > LINE_LIMIT) faults.push(`a line has ${line.length} characters`);
    try {
      const fields = JSON.parse(line);
      const missing = FIELDS.filter((name) => !(name in fields));
      if (missing.length > 0) faults.push(`a line lacks ${missing}: ${line}`);
    } catch {
      faults.push(`a line is no JSON: ${line.slice(0, 200)}`);
    }
    return faults;
  });
}

/** Tells what is wrong with the log of a whole run. @returns whether all is well */
export async function checkLog(file: string, status: StackStatus): Promise<boolean> {
  const log = await Deno.readTextFile(file);
  const faults = new Set(faultsOfLog(log, status));
  const lines = log.split("\n").length - 1;
  console.log(`the log of the whole run, ${lines} lines: ${faults.size === 0 ? "ok" : "FAILED"}`);
  for (const fault of faults) console.error(`  ${fault}`);
  return faults.size === 0;
}
