import type { ArchiveVerbs } from "./archive_verbs.ts";
import { boxesOn } from "./boxes_on.ts";
import type { ChatArchive } from "./chat_archive.ts";
import { isEachVerb } from "./each_verbs.ts";

/**
 * An archive whose code is still being loaded: every method waits for it.
 *
 * @param verbs names its methods
 */
export function whenLoaded(loading: Promise<ChatArchive>, verbs: ArchiveVerbs): ChatArchive {
  // Whoever calls a method gets the error; here it must not count as unhandled.
  loading.catch(() => {});
  const methodOf = async (name: string) =>
    (await loading)[name as keyof ArchiveVerbs] as (input: unknown) => unknown;
  const waiting = Object.keys(verbs).map((name) => [
    name,
    isEachVerb(name)
      ? async function* (input: unknown) {
        yield* (await methodOf(name))(input) as AsyncGenerator;
      }
      : async (input: unknown) => await (await methodOf(name))(input),
  ]);
  return {
    ...Object.fromEntries(waiting) as ArchiveVerbs,
    boxesOn,
    pending: async () => await (await loading).pending(),
    sync: async () => await (await loading).sync(),
    conflicts: async () => await (await loading).conflicts(),
    dismissConflict: async (conflict) => await (await loading).dismissConflict(conflict),
    adopt: async () => await (await loading).adopt(),
    forget: async () => await (await loading).forget(),
    close: async () => await (await loading).close(),
    [Symbol.asyncDispose]: async () => await (await loading).close(),
  };
}
