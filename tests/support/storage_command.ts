/**
 * Runs `deno task storage` in this process.
 *
 * @module
 */
import { Failure } from "../../stack/failure.ts";
import type { BucketSettings } from "../../supabase/functions/_shared/settings.ts";
import { execute } from "../../tools/command.ts";
import { command as storage } from "../../tools/storage.ts";
import { assertRejects } from "@std/assert";

/** Option that names the stack of the tests. */
export const STATUS_FILE = `--status-file=${Deno.env.get("STACK_STATUS_FILE")}`;

/** How a command is run. */
export interface CommandOptions {
  env?: Record<string, string>;
  /** What a person answers; undefined: nobody is there. */
  answer?: boolean;
  input?: Uint8Array<ArrayBuffer>;
}

/** Runs a command as if at a terminal. */
export async function run(args: string[], { env = {}, answer, input }: CommandOptions = {}) {
  const lines: string[] = [];
  const notes: string[] = [];
  const shown: string[] = [];
  const questions: string[] = [];
  const output: Uint8Array<ArrayBuffer>[] = [];
  const code = await execute(storage, args, {
    env,
    terminal: {
      print: (line) => lines.push(line),
      note: (line) => notes.push(line),
      show: (line) => shown.push(line),
      ask: (question) => {
        questions.push(question);
        return answer;
      },
      output: new WritableStream({ write: (chunk) => void output.push(chunk) }),
      input: new Blob([input ?? new Uint8Array()]).stream(),
    },
  });
  const json = () => JSON.parse(lines.join("\n"));
  return { code, lines, notes, shown, questions, output: await new Blob(output).text(), json };
}

/** Runs a command on the stack's bucket. */
export const onStack = (args: string[], options?: CommandOptions) =>
  run([...args, STATUS_FILE], options);

/** The exit code of a command that fails, and what it says. */
export async function failure(args: string[], options?: CommandOptions) {
  const { exitCode, message, advice } = await assertRejects(() => run(args, options), Failure);
  return { exitCode, message, advice };
}

/** An environment that names a bucket. */
export function exported({ uploadKey, ...settings }: Partial<BucketSettings>) {
  return {
    ...(uploadKey
      ? {
        S3_UPLOAD_ACCESS_KEY: uploadKey.accessKeyId,
        S3_UPLOAD_SECRET_KEY: uploadKey.secretAccessKey,
      }
      : {}),
    S3_ENDPOINT: String(settings.endpoint),
    S3_BUCKET: String(settings.bucket),
    S3_REGION: String(settings.region),
    S3_ACCESS_KEY: String(settings.accessKeyId),
    S3_SECRET_KEY: String(settings.secretAccessKey),
  };
}
