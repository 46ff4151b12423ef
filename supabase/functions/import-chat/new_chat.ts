import type { ImportChatResponse } from "@shared/contracts/import-chat.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient, Tables } from "@shared/rows.ts";
import { failpoint } from "../_shared/failpoint.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import type { Settings } from "../_shared/settings.ts";
import { DocumentMetadata } from "./document_metadata.ts";
import type {
  ImportedChat,
  ImportedDocument,
  ImportedImage,
  ImportedMessage,
  ImportedSearchResult,
} from "./imported_rows.ts";
import { Lease, tookTooLong } from "./lease.ts";
import { MissingNames } from "./missing_names.ts";
import { NamedFiles } from "./named_files.ts";
import { newId } from "./new_ids.ts";
import { BATCH_FILES, type FilePorts, PromisedFiles } from "./promised_files.ts";
import { type Place, refused, RowBatch } from "./row_batch.ts";
import { SearchResultDocuments } from "./search_result_documents.ts";
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
  #inZip: boolean;
  #begun = false;
  #lease: Lease;
  #messages: RowBatch<Tables["chat_messages"]["Insert"]>;
  #searchResults: RowBatch<Tables["search_results"]["Insert"] & { id: string }>;
  /** Reservations, of documents first: rows of one insert have the same columns. */
  #documents: RowBatch<Tables["uploads"]["Insert"]>;
  #images: RowBatch<Tables["uploads"]["Insert"]>;
  #files: PromisedFiles;
  #named: NamedFiles;
  #metadata: DocumentMetadata;
  #resultDocuments: SearchResultDocuments;
  /** Files that the export names and does not hold. */
  #missing = new MissingNames();

  /** @param inZip whether bytes may follow the rows */
  constructor(ports: NewChatPorts, inZip: boolean) {
    this.#ports = ports;
    this.#inZip = inZip;
    const { db, admin, userId, settings } = ports;
    const lease = this.#lease = new Lease(admin, this.id);
    this.#messages = new RowBatch(
      lease,
      (rows) => query(() => db.from("chat_messages").insert(rows)),
    );
    const results = this.#resultDocuments = new SearchResultDocuments(this.id, db, admin);
    this.#searchResults = new RowBatch(lease, (rows) => results.insert(rows));
    // Only an import may reserve what it sends itself.
    const reserve = (rows: Tables["uploads"]["Insert"][]) =>
      query(() => admin.from("uploads").insert(rows));
    this.#documents = new RowBatch(lease, reserve, BATCH_FILES);
    this.#images = new RowBatch(lease, reserve, BATCH_FILES);
    this.#files = new PromisedFiles(userId, settings);
    this.#named = new NamedFiles(this.id);
    this.#metadata = new DocumentMetadata(db);
  }

  /** Makes the chat. The rows follow. */
  async begin(chat: ImportedChat): Promise<void> {
    const { title, description, is_archived, metadata, external_id, created_at } = chat;
    const row = { title, description, is_archived, metadata, external_id, created_at };
    try {
      await query(() =>
        this.#ports.admin.rpc("begin_import", {
          of_chat: this.id,
          of_user: this.#ports.userId,
          chat: row,
        })
      );
    } catch (error) {
      if (!(error instanceof ChatArchiveError) || error.code !== "invalid_request") throw error;
      throw refused(error, ["chat"], row);
    }
    this.#begun = true;
    await failpoint("import.begun");
  }

  #newId(id: string | null): string | null {
    return id === null ? null : newId(this.id, id);
  }

  /** The path of a file that is to come. Others are noted as missing. */
  #promised(file: string | undefined, name: string): string | undefined {
    if (file !== undefined && this.#inZip && this.#ports.store !== null) return file;
    this.#missing.add(name);
    return undefined;
  }

  /** @param bytes of the row as JSON */
  async addDocument(document: ImportedDocument, place: Place, bytes: number): Promise<void> {
    const { name, content_type, file_size, sha256, page_count, metadata } = document;
    const file = this.#promised(document.file, name);
    this.#named.addDocument(document.id, file !== undefined, place);
    if (file === undefined) return;
    const id = newId(this.id, document.id);
    const upload = this.#files.add(file, place, {
      id,
      chat_id: this.id,
      kind: "document",
      file_name: name,
      content_type,
      file_size,
      sha256,
      page_count,
    });
    this.#metadata.keep(id, metadata, place);
    await this.#documents.add(upload, place, bytes);
  }

  /** All documents are known now, and can be named. */
  async endDocuments(): Promise<void> {
    await this.#documents.flush();
  }

  /** @param bytes of the row as JSON */
  async addMessage(message: ImportedMessage, index: number, bytes: number): Promise<void> {
    const { id, role, content, message_type, parts, metadata, parent_id, external_id } = message;
    const { status, created_at } = message;
    const row = {
      id: newId(this.id, id),
      chat_id: this.id,
      role,
      content,
      message_type,
      parts: parts && this.#named.renameIn(parts, index),
      metadata,
      parent_id: this.#newId(parent_id),
      external_id,
      status,
      created_at,
    };
    await this.#messages.add(row, ["messages", index], bytes);
  }

  /** Rows that refer to messages come after them. */
  async endMessages(): Promise<void> {
    await this.#messages.flush();
    await failpoint("import.rows");
  }

  /** @param bytes of the row as JSON */
  async addImage(image: ImportedImage, index: number, bytes: number): Promise<void> {
    const { message_id, page_number, coords_norm, image_name, image_type } = image;
    const { content_type, description, width, height, file_size, sha256 } = image;
    const place = ["images", index];
    this.#named.addImage(image.id);
    const document_id = this.#named.documentOf(image.document_id, place);
    const file = this.#promised(image.file, image_name);
    if (file === undefined) return;
    const upload = this.#files.add(file, place, {
      id: newId(this.id, image.id),
      chat_id: this.id,
      kind: "image",
      message_id: this.#newId(message_id),
      document_id,
      page_number,
      coords_norm,
      file_name: image_name,
      content_type,
      file_size,
      image_type,
      description,
      width,
      height,
      sha256,
    });
    await this.#images.add(upload, place, bytes);
  }

  /** All files are known now. @throws {ChatArchiveError} where parts name one that is not there */
  endImages(): void {
    this.#named.checkAll();
  }

  /** @param bytes of the row as JSON */
  async addSearchResult(
    result: ImportedSearchResult,
    index: number,
    bytes: number,
  ): Promise<void> {
    const { id, message_id, document_id, block_id, page_number, block_text, score } = result;
    const { coords_norm, coords_px, metadata, created_at } = result;
    const place = ["search_results", index];
    const row = {
      id: newId(this.id, id),
      chat_id: this.id,
      message_id: this.#newId(message_id),
      document_id: this.#named.documentOf(document_id, place),
      block_id,
      page_number,
      block_text,
      score,
      coords_norm,
      coords_px,
      metadata,
      created_at,
    };
    await this.#searchResults.add(row, place, bytes);
  }

  /** All rows are known now. */
  async endRows(): Promise<void> {
    await this.#images.flush();
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
    const { images, documents } = store
      ? await this.#files.confirm(this.#filePorts(store))
      : { images: 0, documents: 0 };
    for (const name of this.#files.missing) this.#missing.add(name);
    await this.#metadata.write(this.#files.arrived);
    await this.#resultDocuments.name(this.#lease);
    await failpoint("import.finished");
    if (!await query(() => admin.rpc("finish_import", { of_chat: this.id }))) {
      throw tookTooLong();
    }
    return {
      chat_id: this.id,
      messages: this.#messages.count,
      images,
      documents,
      search_results: this.#searchResults.count,
      missing: this.#missing.first,
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
