import type { BucketSettings } from "../../supabase/functions/_shared/settings.ts";
import type { ObjectStore } from "../../supabase/functions/_shared/object_store.ts";
import type { StackStatus } from "../../stack/status_file.ts";
import type { Verb } from "../command.ts";
import type { Terminal } from "../terminal.ts";

/** What a verb works with. */
export interface StorageCall {
  store: ObjectStore;
  /** Where the bucket is. */
  bucket: BucketSettings;
  /** The running stack, where the bucket is a stack's. */
  stack: StackStatus | undefined;
  /** Settings that were exported. */
  env: Record<string, string | undefined>;
  /** The arguments after the verb. */
  positionals: string[];
  /** The values of the verb's own options. */
  options: Record<string, string | boolean | undefined>;
  /** Print JSON. */
  json: boolean;
  /** Do not ask. */
  yes: boolean;
  terminal: Terminal;
}

/** One verb of `deno task storage`. Its options come beside --json, --yes and those that name a stack. */
export interface StorageCommand extends Verb {
  /** Lines of the help: what it does. */
  does: string[];
  /** @returns the exit code */
  run(call: StorageCall): Promise<number>;
}
