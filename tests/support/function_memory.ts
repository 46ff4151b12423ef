/**
 * How much memory the functions' process takes. Linux only: elsewhere nobody says how much it was at most.
 *
 * @module
 */

/** Bytes of a line of /proc/PID/status, which says kB. */
async function read(pid: number, name: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)![1]) * 1024;
}

/** The process of this one's children that serves the functions. */
export async function functionsProcess(): Promise<number> {
  const found: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const [stat, command] = await Promise.all(
      ["stat", "cmdline"].map((file) => Deno.readTextFile(`/proc/${name}/${file}`)),
    ).catch(() => ["", ""]);
    const [, parent] = /\) \S (\d+) /.exec(stat!) ?? [];
    if (Number(parent) === Deno.pid && command!.includes("functions_host.ts")) {
      found.push(Number(name));
    }
  }
  if (found.length !== 1) throw new Error(`there are ${found.length} processes of functions`);
  return found[0]!;
}

/** Resident bytes now. */
export const residentBytes = (pid: number): Promise<number> => read(pid, "VmRSS");

/** Runs work. @returns resident bytes at most meanwhile */
export async function peakDuring(pid: number, work: () => Promise<unknown>): Promise<number> {
  // proc(5): 5 begins the highest mark anew.
  await Deno.writeTextFile(`/proc/${pid}/clear_refs`, "5");
  await work();
  return await read(pid, "VmHWM");
}
