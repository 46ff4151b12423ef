import type { ParseArgsOptionsConfig } from "node:util";
import type { BucketSettings } from "../../supabase/functions/_shared/settings.ts";
import type { ObjectStore } from "../../supabase/functions/_shared/object_store.ts";
import type { StackStatus } from "../../stack/status_file.ts";

/** Where a command writes, and whom it may ask. */
export interface Terminal {
  /** Results: one line to standard output. */
  print(line: string): void;
  /** Everything else: one line to standard error. */
  note(line: string): void;
  /** Shows how far long work is, in place of what was shown before. Nothing where nobody looks. */
  show(text: string): void;
  /** Asks yes or no; undefined where nobody can be asked. */
  ask(question: string): boolean | undefined;
  /** Raw bytes to standard output. */
  output: WritableStream<Uint8Array<ArrayBuffer>>;
  /** Raw bytes of standard input. */
  input: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** What a command works with. */
export interface StorageCall {
  store: ObjectStore;
  /** Where the bucket is. */
  bucket: BucketSettings;
  /** The running stack, where the bucket is a stack's. */
  stack: StackStatus | undefined;
  /** Settings that were exported. */
  env: Record<string, string | undefined>;
  /** The arguments after the command's name. */
  positionals: string[];
  /** The command's own options. */
  options: Record<string, string | boolean | undefined>;
  /** Print JSON. */
  json: boolean;
  /** Do not ask. */
  yes: boolean;
  terminal: Terminal;
}

/** One command of `deno task storage`. */
export interface StorageCommand {
  /** Lines of the help: what to type, and what it does. */
  help: [usage: string, ...does: string[]];
  /** How many arguments it takes, at least and at most. */
  takes: [number, number];
  /** Its own options, beside --json, --yes and those that choose the bucket. */
  options?: ParseArgsOptionsConfig;
  /** @returns the exit code */
  run(call: StorageCall): Promise<number>;
}
