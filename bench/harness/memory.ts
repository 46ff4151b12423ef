/** Memory of processes, as Linux tells it. */

/**
 * Bytes of a line of /proc/PID/status; 0 where there is no such process.
 *
 * @param name VmRSS: resident now; VmHWM: at most, since clear_refs was written (proc(5))
 */
export function memoryOf(pid: number | "self", name: "VmRSS" | "VmHWM"): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
