import type {
  ExportedChat,
  ExportedDocument,
  ExportedImage,
  ExportedMessage,
  ExportedSearchResult,
} from "@shared/contracts/chat-export.ts";
import { IMPORT_LIMITS, type ImportChatResponse } from "@shared/contracts/import-chat.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient, Tables } from "@shared/rows.ts";
import { failpoint } from "../_shared/failpoint.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import type { Settings } from "../_shared/settings.ts";
import { damaged } from "./damage.ts";
import { Lease, tookTooLong } from "./lease.ts";
import { newId } from "./new_ids.ts";
import { BATCH_FILES, type FilePorts, PromisedFiles } from "./promised_files.ts";
import { fieldOf, RowBatch } from "./row_batch.ts";
import type { ZipEntry } from "./zip_reader.ts";

/** What an import writes with. */
export interface NewChatPorts {
  /** Whose chat it becomes. */
  userId: string;
  /** The caller's rights: rows are inserted as any client would. */
  db: ArchiveClient;
  /** Past RLS: makes the chat that its owner can't see yet, shows it, confirms what was verified. */
  admin: ArchiveClient;
  /** Null where USE_S3_STORAGE is false: all files are missing then. */
  store: ObjectStore | null;
  settings: Pick<Settings, "maxFileSize" | "allowedTypes">;
}

/** Milliseconds that the removal of a failed import may take; the worker does the rest. */
const REMOVAL_TIMEOUT_MS = 20_000;

/** A chat that is being imported: there for nobody until {@link finish}. */
export class NewChat {
  readonly id: string = crypto.randomUUID();
  #ports: NewChatPorts;
  #begun = false;
  #lease: Lease;
  #messages: RowBatch<Tables["chat_messages"]["Insert"]>;
  #searchResults: RowBatch<Tables["search_results"]["Insert"]>;
  #uploads: RowBatch<Tables["uploads"]["Insert"]>;
  #files: PromisedFiles;
  /** Names of files that the export names and does not hold. */
  #missingImages: string[] = [];
  #missingDocument: string | undefined;

  constructor(ports: NewChatPorts) {
    this.#ports = ports;
    const { db, admin, userId, settings } = ports;
    const lease = this.#lease = new Lease(admin, this.id);
    this.#messages = new RowBatch(
      "messages",
      lease,
      (rows) => query(() => db.from("chat_messages").insert(rows)),
    );
    this.#searchResults = new RowBatch(
      "search_results",
      lease,
      (rows) => query(() => db.from("search_results").insert(rows)),
    );
    this.#uploads = new RowBatch(
      "images",
      lease,
      (rows) => query(() => db.from("uploads").insert(rows)),
    );
    this.#files = new PromisedFiles(userId, settings);
  }

  /** Makes the chat. The rows follow. */
  async begin(exported: ExportedChat): Promise<void> {
    const { title, description, is_archived, metadata, created_at } = exported;
    try {
      await query(() =>
        this.#ports.admin.rpc("begin_import", {
          of_chat: this.id,
          of_user: this.#ports.userId,
          chat: { title, description, is_archived, metadata, created_at },
        })
      );
    } catch (error) {
      if (!(error instanceof ChatArchiveError) || error.code !== "invalid_request") throw error;
      throw damaged(["chat", ...fieldOf(error)], "the value is not allowed", error);
    }
    this.#begun = true;
    await failpoint("import.begun");
  }

  /** @param bytes of the row as JSON */
  async addMessage(message: ExportedMessage, index: number, bytes: number): Promise<void> {
    const { id, role, content, message_type, created_at } = message;
    await this.#messages.add(
      { id: newId(this.id, id), chat_id: this.id, role, content, message_type, created_at },
      index,
      bytes,
    );
  }

  /** Rows that refer to messages come after them. */
  async endMessages(): Promise<void> {
    await this.#messages.flush();
    await failpoint("import.rows");
  }

  /** @param bytes of the row as JSON */
  async addSearchResult(
    result: ExportedSearchResult,
    index: number,
    bytes: number,
  ): Promise<void> {
    const { id, message_id, user_id: _, seq: __, ...columns } = result;
    await this.#searchResults.add(
      {
        ...columns,
        id: newId(this.id, id),
        chat_id: this.id,
        message_id: message_id && newId(this.id, message_id),
      },
      index,
      bytes,
    );
  }

  #hasFile(file: string | undefined, inZip: boolean): file is string {
    return file !== undefined && inZip && this.#ports.store !== null;
  }

  /** @param inZip whether bytes may follow */
  async addImage(image: ExportedImage, index: number, inZip: boolean): Promise<void> {
    const { file, message_id, content_type, file_size } = image;
    if (!this.#hasFile(file, inZip)) {
      if (this.#missingImages.length < IMPORT_LIMITS.names) {
        this.#missingImages.push(image.image_name);
      }
      return;
    }
    const upload = this.#files.add(file, ["images", index], {
      id: newId(this.id, image.id),
      chat_id: this.id,
      kind: "image",
      message_id: message_id && newId(this.id, message_id),
      file_name: image.image_name,
      content_type,
      file_size,
      image_type: image.image_type,
      description: image.description,
      width: image.width,
      height: image.height,
      sha256: image.sha256,
    });
    await this.#uploads.add(upload, index, 0);
    if (this.#files.count % BATCH_FILES === 0) await this.#uploads.flush();
  }

  /** @param inZip whether bytes may follow */
  async addDocument(document: ExportedDocument, inZip: boolean): Promise<void> {
    const { file, file_name, content_type, file_size, sha256 } = document;
    if (!this.#hasFile(file, inZip) || file_size === null) {
      this.#missingDocument = file_name;
      return;
    }
    const upload = this.#files.add(file, ["document"], {
      id: crypto.randomUUID(),
      chat_id: this.id,
      kind: "document",
      file_name,
      content_type,
      file_size,
      sha256,
    });
    try {
      await query(() => this.#ports.db.from("uploads").insert(upload));
    } catch (error) {
      if (!(error instanceof ChatArchiveError) || error.status >= 500) throw error;
      throw damaged(["document"], "a value is not allowed", error);
    }
  }

  /** All rows are known now. */
  async endRows(): Promise<void> {
    await this.#uploads.flush();
    await this.#searchResults.flush();
  }

  #filePorts(store: ObjectStore): FilePorts {
    return { admin: this.#ports.admin, store, lease: this.#lease };
  }

  /** Stores a file that the JSON promised. Others are passed over. @param path in the zip */
  async store(path: string, entry: ZipEntry): Promise<void> {
    const { store } = this.#ports;
    if (store) await this.#files.store(path, entry, this.#filePorts(store));
  }

  /** Shows the chat to its owner, whole. */
  async finish(): Promise<ImportChatResponse> {
    const { admin, store } = this.#ports;
    const images = store ? await this.#files.confirm(this.#filePorts(store)) : 0;
    await failpoint("import.finished");
    if (!await query(() => admin.rpc("finish_import", { of_chat: this.id }))) {
      throw tookTooLong();
    }
    const names = [...this.#missingImages, ...this.#files.missing("image")];
    const document = this.#missingDocument ?? this.#files.missing("document")[0];
    return {
      chat_id: this.id,
      messages: this.#messages.count,
      images,
      search_results: this.#searchResults.count,
      missing_images: names.slice(0, IMPORT_LIMITS.names),
      ...(document === undefined ? {} : { missing_document: document }),
    };
  }

  /** Removes what there is; its objects go through the outbox. What fails here, the worker does. */
  async abandon(): Promise<void> {
    if (!this.#begun) return;
    const deadline = performance.now() + REMOVAL_TIMEOUT_MS;
    for (let left = true; left && performance.now() < deadline;) {
      const { data, error } = await this.#ports.admin
        .rpc("delete_chats_slice", { chat_ids: [this.id] });
      left = data === false && error === null;
    }
  }
}
