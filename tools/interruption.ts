import { launcherEnded } from "../stack/launcher.ts";

/**
 * Waits until this process is asked to stop: by a signal, or by the end of the command that launched it.
 *
 * @param over ends the watch over the launcher
 * @returns what it was, for people
 */
export function askedToStop(over: AbortSignal): Promise<string> {
  return Promise.race([
    ...(["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) =>
      new Promise<string>((resolve) => Deno.addSignalListener(signal, () => resolve(signal)))
    ),
    launcherEnded(over).then((command) => `the end of \`${command}\``),
  ]);
}
