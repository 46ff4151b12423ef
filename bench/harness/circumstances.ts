/** When, of what and on what machine was measured. */
import os from "node:os";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";

/** What a figure depends on besides the code. */
export interface Circumstances {
  /** Day, as YYYY-MM-DD. */
  date: string;
  /** Short hash; with `+` where files differ from it. */
  commit: string;
  machine: string;
  /** Processes that wanted to run, over the last minute (load average): before and after. */
  load: [before: number, after: number];
}

async function git(...args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command("git", { args, cwd: PROJECT_ROOT, stderr: "null" })
    .output().catch(() => ({ stdout: new Uint8Array() }));
  return new TextDecoder().decode(stdout).trim();
}

const loadNow = () => Math.round(os.loadavg()[0]! * 10) / 10;

/** Begins to measure. @returns what to call at the end */
export async function beginCircumstances(): Promise<() => Circumstances> {
  const before = loadNow();
  const changed = await git("status", "--porcelain", "--untracked-files=no");
  const commit = `${await git("rev-parse", "--short=8", "HEAD")}${changed ? "+" : ""}`;
  const cores = os.cpus().length;
  const memory = Math.round(os.totalmem() / 2 ** 30);
  const machine = `${cores} cores, ${memory} GiB, ${os.platform()} ${os.arch()}, ` +
    `Deno ${Deno.version.deno}`;
  const date = new Date().toISOString().slice(0, 10);
  return () => ({ date, commit, machine, load: [before, loadNow()] });
}
