import type { ArchiveVerbs } from "./archive_verbs.ts";

/** Methods that give rows as they come. */
type EachVerb = {
  [Verb in keyof ArchiveVerbs]: ReturnType<ArchiveVerbs[Verb]> extends AsyncGenerator ? Verb
    : never;
}[keyof ArchiveVerbs];

const EACH: Record<EachVerb, true> = {
  chats: true,
  messages: true,
  history: true,
  searchResults: true,
  search: true,
  documents: true,
  images: true,
};

/** Whether a method gives rows as they come. */
export function isEachVerb(name: string): name is EachVerb {
  return name in EACH;
}
