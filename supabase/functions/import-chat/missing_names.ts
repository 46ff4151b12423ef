import { IMPORT_LIMITS } from "@shared/contracts/import-chat.ts";

/** Names of files that did not come: as many as an answer may hold. */
export class MissingNames {
  /** Those that were added first. */
  readonly first: string[] = [];
  #characters = 0;
  #isFull = false;

  /** Keeps a name while there is room. */
  add(name: string): void {
    const { names, name_characters } = IMPORT_LIMITS;
    this.#characters += name.length;
    this.#isFull ||= this.first.length === names || this.#characters > name_characters;
    if (!this.#isFull) this.first.push(name);
  }
}
