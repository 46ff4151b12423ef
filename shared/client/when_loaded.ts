import type { ArchiveVerbs } from "./archive_verbs.ts";
import { boxesOn } from "./boxes_on.ts";
import type { ChatArchive } from "./chat_archive.ts";
import { isEachVerb } from "./each_verbs.ts";

/** What an archive has besides the verbs. */
const OWN = ["pending", "sync", "conflicts", "dismissConflict", "adopt", "forget", "close"];

/**
 * An archive whose code is still being loaded: every method waits for it.
 *
 * @param verbs names its methods
 */
export function whenLoaded(
  loading: Promise<Omit<ChatArchive, "boxesOn">>,
  verbs: ArchiveVerbs,
): ChatArchive {
  // Whoever calls a method gets the error; here it must not count as unhandled.
  loading.catch(() => {});
  const call = async (name: string, input: unknown) =>
    await (await loading as unknown as Record<string, (input: unknown) => unknown>)[name]!(input);
  const waiting = Object.fromEntries(
    [...Object.keys(verbs), ...OWN].map((name) => [
      name,
      isEachVerb(name)
        ? async function* (input: unknown) {
          yield* await call(name, input) as AsyncGenerator;
        }
        : (input: unknown) => call(name, input),
    ]),
  );
  return { ...waiting, boxesOn, [Symbol.asyncDispose]: waiting.close } as unknown as ChatArchive;
}
