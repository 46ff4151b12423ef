/**
 * A stack that runs already, for example one of `supabase start`, as the thing that is tested.
 *
 * @module
 */
import { join } from "node:path";
import { Failure } from "../../stack/failure.ts";
import { LOCAL_KEYS, type StackStatus } from "../../stack/status_file.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";

/** What `supabase status -o json` tells, and what we need of it. */
const NEEDED = [
  "API_URL",
  "DB_URL",
  "PUBLISHABLE_KEY",
  "SECRET_KEY",
  "S3_PROTOCOL_ACCESS_KEY_ID",
  "S3_PROTOCOL_ACCESS_KEY_SECRET",
  "S3_PROTOCOL_REGION",
] as const;

/** Reads what `supabase status -o json` printed. @throws {Failure} naming what is missing in it */
export async function runningStack(file: string): Promise<StackStatus> {
  const told: Partial<StackStatus> = await Deno.readTextFile(file).then(JSON.parse).catch(
    (cause) => {
      throw new Failure(
        `${file} can't be read: ${cause.message}`,
        "Make it with `supabase status -o json`.",
        { cause },
      );
    },
  );
  const missing = NEEDED.filter((name) => !told[name]);
  if (missing.length > 0) {
    throw new Failure(
      `${file} lacks ${missing.join(", ")}`,
      "Make it with `supabase status -o json` while the stack runs.",
    );
  }
  const { API_URL } = told;
  return {
    FUNCTIONS_URL: `${API_URL}/functions/v1`,
    STORAGE_S3_URL: `${API_URL}/storage/v1/s3`,
    S3_BUCKET: LOCAL_KEYS.S3_BUCKET,
    ...told,
    // Whoever looks for the stack's process finds the one that runs the tests.
    PID: Deno.pid,
  } as StackStatus;
}

/** What starts parts of an embedded stack, or looks into one. */
const OWN_PROCESSES =
  /support\/(failpoints|faulty_stack|stack_process|data_folder)\.ts|stack\/(database|stack|postgres\w*)\.ts/;

async function* testFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(PROJECT_ROOT, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* testFiles(path);
    else if (name.endsWith(".test.ts")) yield path;
  }
}

/** The test files that start processes of an embedded stack, and say nothing about another one. */
export async function embeddedOnly(): Promise<string[]> {
  const found: string[] = [];
  for await (const path of testFiles("tests")) {
    const source = await Deno.readTextFile(join(PROJECT_ROOT, path));
    const imports = source.match(/^(import|\} from)\b.*"(\.\.?\/.*)";$/gm) ?? [];
    if (imports.some((line) => OWN_PROCESSES.test(line))) found.push(path);
  }
  return found.toSorted();
}
