/** Named points between two steps at which a test kills the process. */
export type Failpoint =
  // confirm-upload
  | "confirm.begun"
  | "confirm.copied"
  | "confirm.verified"
  | "confirm.recorded"
  // delete-chat, delete-account, storage-cleanup
  | "delete.committed"
  | "account.slice"
  | "account.emptied"
  | "bucket.counted"
  | "sweep.claimed"
  | "sweep.listed"
  | "sweep.answered"
  | "sweep.settled"
  // import-chat
  | "import.begun"
  | "import.image"
  | "import.rows"
  | "import.finished";

// Set by the tests' stack only. Elsewhere a failpoint costs one comparison.
const FILE = Deno.env.get("FAILPOINT_FILE");

/**
 * Where the tests' file names this point: says so in the log, and stands still until the process is
 * killed. A kill of a process that runs on could come before or after the step that a test is about.
 */
export async function failpoint(name: Failpoint): Promise<void> {
  if (FILE === undefined) return;
  if (await Deno.readTextFile(FILE) !== name) return;
  console.log(JSON.stringify({ failpoint: name, pid: Deno.pid }));
  await new Promise(() => {});
}
