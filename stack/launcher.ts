/**
 * Notices when the command that launched this process has ended.
 *
 * `npx deno task start` is a chain of processes, and npx passes no signal on: a SIGTERM to it ends the
 * first link and would leave the rest running. So each link is watched. A shell that is not part of
 * the chain ends it: whoever puts the command into the background may close the shell.
 *
 * @module
 */
import process from "node:process";
import { delay } from "@shared/async.ts";

interface Link {
  pid: number;
  parent: number;
  command: string;
}

const SHELL = /^-?(.*\/)?(ba|da|z|k|fi|c|tc)?sh(\s|$)/;
const PACKAGE_RUNNER = /\b(npm|npx|pnpm|yarn|bunx?)\b/;

/** Facts about a process, or nothing where it has ended. */
async function look(pid: number): Promise<Link | undefined> {
  if (Deno.build.os === "linux") {
    try {
      const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
      const command = (await Deno.readTextFile(`/proc/${pid}/cmdline`)).replaceAll("\0", " ");
      // The name in parentheses may hold anything; the state and the parent follow the last one.
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return state === "Z" ? undefined : { pid, parent: Number(parent), command: command.trim() };
    } catch {
      return undefined;
    }
  }
  const { stdout } = await new Deno.Command("ps", {
    args: ["-o", "ppid=,state=,command=", "-p", String(pid)],
    stderr: "null",
  }).output();
  const match = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(new TextDecoder().decode(stdout).trim());
  if (!match || match[2]!.startsWith("Z")) return undefined;
  return { pid, parent: Number(match[1]), command: match[3]! };
}

/** Between two looks; elsewhere each takes a process. */
const INTERVAL_MS = Deno.build.os === "linux" ? 300 : 2000;

/** The processes that launched this one, nearest first. */
async function chain(): Promise<Link[]> {
  const links: Link[] = [];
  for (let pid = process.ppid; pid > 1 && links.length < 20;) {
    const link = await look(pid);
    if (!link) break;
    if (SHELL.test(link.command)) {
      const above = await look(link.parent);
      if (!above || !PACKAGE_RUNNER.test(above.command)) break;
    }
    links.push(link);
    pid = link.parent;
  }
  return links;
}

/**
 * Watches the launching processes.
 *
 * @param signal ends the watch
 * @returns resolves when one of them has ended, with its command; never where there is none
 */
export async function launcherEnded(signal: AbortSignal): Promise<string> {
  const links = await chain();
  while (!signal.aborted) {
    await delay(INTERVAL_MS);
    for (const link of links) {
      const now = await look(link.pid);
      // Its id may have been given to another process; the same one keeps its parent, or loses it
      // to the system, in which case that parent is itself a link that is found missing.
      if (!now || now.command !== link.command) return link.command;
    }
  }
  return await new Promise<string>(() => {});
}
