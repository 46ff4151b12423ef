import { IMPORT_LIMITS } from "@shared/contracts/import-chat.ts";
import type { Json } from "@shared/database.types.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import { referenceTo, replaceReferences } from "@shared/file_references.ts";
import type { Kind } from "@shared/object-keys.ts";
import { damaged } from "./damage.ts";
import { newId } from "./new_ids.ts";

/** Files that rows of the file name, and whether the file has them. */
export class NamedFiles {
  #chatId: string;
  /** By old id, with whether bytes are to come. They stand before whatever names them. */
  #documents = new Map<string, boolean>();
  /** Files that parts name and that have not come yet, each with the first message that names it. */
  #awaited = new Map<string, number>();

  /** @param chatId the new one */
  constructor(chatId: string) {
    this.#chatId = chatId;
  }

  /** @param promised whether its bytes are to come */
  addDocument(id: string, promised: boolean, place: (string | number)[]): void {
    if (this.#documents.has(id)) throw damaged([...place, "id"], "it stands in the file twice");
    this.#documents.set(id, promised);
    this.#checkCount(place);
  }

  /** An image of the file. */
  addImage(id: string): void {
    this.#awaited.delete(`image/${id}`);
  }

  /**
   * Gives files that parts name their new ids.
   *
   * @param index of the message
   * @throws {ChatArchiveError} `payload_too_large` where the file names too many
   */
  renameIn(parts: Json[], index: number): Json[] {
    const rename = (kind: Kind, id: string) => {
      const name = `${kind}/${id}`;
      const isThere = kind === "document" && this.#documents.has(id);
      if (!isThere && !this.#awaited.has(name)) {
        this.#awaited.set(name, index);
        this.#checkCount(["messages", index, "parts"]);
      }
      return referenceTo(kind, newId(this.#chatId, id));
    };
    return parts.map((part) => replaceReferences(part, rename));
  }

  /**
   * The new id of the document that a row names, or null where the row names none, or one without bytes.
   *
   * @throws {ChatArchiveError} `invalid_request` where the file has no such document
   */
  documentOf(id: string | null, place: (string | number)[]): string | null {
    if (id === null) return null;
    const promised = this.#documents.get(id);
    if (promised === undefined) {
      throw damaged([...place, "document_id"], "there is no such document in the file");
    }
    return promised ? newId(this.#chatId, id) : null;
  }

  /** All images are known now. @throws {ChatArchiveError} `invalid_request` where one is not there */
  checkAll(): void {
    for (const [name, index] of this.#awaited) {
      throw damaged(["messages", index, "parts"], `there is no ${name} in the file`);
    }
  }

  #checkCount(place: (string | number)[]) {
    const { named_files } = IMPORT_LIMITS;
    if (this.#documents.size + this.#awaited.size <= named_files) return;
    throw new ChatArchiveError(
      "payload_too_large",
      `${place.join(".")}: at most ${named_files} files`,
    );
  }
}
