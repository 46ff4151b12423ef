import type {
  ExportedChat,
  ExportedDocument,
  ExportedHit,
  ExportedImage,
  ExportedMessage,
} from "@shared/contracts/chat-export.ts";
import { IMPORT_LIMITS } from "@shared/contracts/import-chat.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import type { ContentType } from "@shared/object-keys.ts";
import type { ArchiveClient, Tables } from "@shared/rows.ts";
import { failpoint } from "../_shared/failpoint.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import { query } from "@shared/query.ts";
import type { Settings } from "../_shared/settings.ts";
import { confirmUpload } from "../confirm-upload/handler.ts";
import { damaged } from "./damage.ts";
import { newId } from "./new_ids.ts";
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

/** Rows of one insert, and bytes of JSON after which it is sent. */
const BATCH_ROWS = 500;
const BATCH_BYTES = 1024 * 1024;
/** Reservations of one insert, and ids of one confirm. */
const BATCH_FILES = 100;
/** Milliseconds after which the lease is renewed; the database gives 15 minutes. */
const RENEWAL = 60_000;
/** Seconds that a reservation lives, the database's maximum: bytes come when the sender sends them. */
const RESERVATION = 3600;

/** A file that the JSON promised. */
interface Promised {
  /** Of the upload. */
  id: string;
  kind: "image" | "document";
  /** Real name. */
  name: string;
  incoming_path: string;
  content_type: string;
  file_size: number;
  arrived: boolean;
}

interface Pending<T> {
  row: T;
  index: number;
}

/** The field of the file that belongs to the column that an error of the database names. */
function columnOf(error: ChatArchiveError) {
  const path = error.details?.[0]?.path ?? [];
  // A reservation calls it so.
  return path.map((column) => column === "file_name" ? "image_name" : column);
}

/** Milliseconds that the removal of a failed import may take; the worker does the rest. */
const REMOVAL_LIMIT = 20_000;

/** What the database refused in one row, in words that fit a file. */
function placed(error: ChatArchiveError, table: string, index: number): ChatArchiveError {
  switch (error.code) {
    case "not_found":
      return damaged([table, index, "message_id"], "there is no such message in the file", error);
    case "conflict":
      return damaged([table, index, "id"], "it stands in the file twice", error);
    case "invalid_request":
      return damaged([table, index, ...columnOf(error)], "the value is not allowed", error);
    default:
      return error;
  }
}

/** Collects rows and inserts them some at a time, in order. */
class Batch<T> {
  #rows: Pending<T>[] = [];
  #bytes = 0;
  #table: string;
  #insert: (rows: T[]) => Promise<unknown>;
  #renew: () => Promise<void>;
  count = 0;

  /** @param renew throws where the import has been removed */
  constructor(
    table: string,
    insert: (rows: T[]) => Promise<unknown>,
    renew: () => Promise<void>,
  ) {
    this.#table = table;
    this.#insert = insert;
    this.#renew = renew;
  }

  async add(row: T, index: number, bytes: number) {
    this.#rows.push({ row, index });
    this.#bytes += bytes;
    if (this.#rows.length >= BATCH_ROWS || this.#bytes >= BATCH_BYTES) await this.flush();
  }

  async flush() {
    const rows = this.#rows;
    if (rows.length === 0) return;
    [this.#rows, this.#bytes] = [[], 0];
    try {
      await this.#insert(rows.map(({ row }) => row));
    } catch (error) {
      if (!(error instanceof ChatArchiveError) || error.status >= 500) throw error;
      // One by one, to learn which it is. What gets in now goes with the import.
      for (const { row, index } of rows) {
        try {
          await this.#insert([row]);
        } catch (cause) {
          // What is not there may be the chat itself.
          await this.#renew();
          throw cause instanceof ChatArchiveError ? placed(cause, this.#table, index) : cause;
        }
      }
      throw error;
    }
    this.count += rows.length;
  }
}

/** A chat that is being imported: there for nobody until {@link finish}. */
export class NewChat {
  readonly id: string = crypto.randomUUID();
  readonly missingImages: string[] = [];
  missingDocument: string | undefined;
  #ports: NewChatPorts;
  #begun = false;
  #renewed = performance.now();
  #messages: Batch<Tables["chat_messages"]["Insert"]>;
  #hits: Batch<Tables["search_results"]["Insert"]>;
  #uploads: Batch<Tables["uploads"]["Insert"]>;
  /** By path in the zip. */
  #promised = new Map<string, Promised>();
  #images = 0;

  constructor(ports: NewChatPorts) {
    this.#ports = ports;
    const { db } = ports;
    const renew = () => this.#renew();
    this.#messages = new Batch("messages", async (rows) => {
      await query(() => db.from("chat_messages").insert(rows));
      await this.#renewNowAndThen();
    }, renew);
    this.#hits = new Batch("search_results", async (rows) => {
      await query(() => db.from("search_results").insert(rows));
      await this.#renewNowAndThen();
    }, renew);
    this.#uploads = new Batch(
      "images",
      (rows) => query(() => db.from("uploads").insert(rows)),
      renew,
    );
  }

  async begin({ title, description, is_archived, metadata, created_at }: ExportedChat) {
    const chat = { title, description, is_archived, metadata, created_at };
    try {
      await query(() =>
        this.#ports.admin.rpc("begin_import", {
          of_chat: this.id,
          of_user: this.#ports.userId,
          chat,
        })
      );
    } catch (error) {
      if (!(error instanceof ChatArchiveError) || error.code !== "invalid_request") throw error;
      throw damaged(["chat", ...columnOf(error)], "the value is not allowed", error);
    }
    this.#begun = true;
    await failpoint("import.begun");
  }

  async addMessage(message: ExportedMessage, index: number, bytes: number) {
    const { id, role, content, message_type, created_at } = message;
    await this.#messages.add(
      { id: newId(this.id, id), chat_id: this.id, role, content, message_type, created_at },
      index,
      bytes,
    );
  }

  /** Rows that refer to messages come after them. */
  async endMessages() {
    await this.#messages.flush();
    await failpoint("import.rows");
  }

  async addHit(hit: ExportedHit, index: number, bytes: number) {
    const { id, message_id, user_id: _, seq: __, ...columns } = hit;
    await this.#hits.add(
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

  #miss(name: string) {
    if (this.missingImages.length < IMPORT_LIMITS.names) this.missingImages.push(name);
  }

  /** @param inZip whether bytes may follow */
  async addImage(image: ExportedImage, index: number, inZip: boolean) {
    const { file, image_name, message_id, content_type, file_size } = image;
    if (file === undefined || !inZip || this.#ports.store === null) {
      this.#miss(image_name);
      return;
    }
    const upload = this.#promise(file, ["images", index], {
      id: newId(this.id, image.id),
      chat_id: this.id,
      kind: "image",
      message_id: message_id && newId(this.id, message_id),
      file_name: image_name,
      content_type,
      file_size,
      image_type: image.image_type,
      description: image.description,
      width: image.width,
      height: image.height,
      sha256: image.sha256,
    });
    await this.#uploads.add(upload, index, 0);
    if (this.#promised.size % BATCH_FILES === 0) await this.#uploads.flush();
  }

  /** @param inZip whether bytes may follow */
  async addDocument(document: ExportedDocument, inZip: boolean) {
    const { file, file_name, content_type, file_size, sha256 } = document;
    if (file === undefined || file_size === null || !inZip || this.#ports.store === null) {
      this.missingDocument = file_name;
      return;
    }
    const upload = this.#promise(file, ["document"], {
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

  /** Checks a file as presign-upload does. @returns its reservation */
  #promise(
    path: string,
    place: (string | number)[],
    upload: Tables["uploads"]["Insert"] & { id: string; kind: "image" | "document" },
  ): Tables["uploads"]["Insert"] {
    const { id, kind, file_name, content_type, file_size } = upload;
    const { allowedTypes, maxFileSize } = this.#ports.settings;
    if (this.#promised.has(path)) throw damaged([...place, "file"], "two rows name the same file");
    if (this.#promised.size >= IMPORT_LIMITS.files) {
      throw new ChatArchiveError(
        "payload_too_large",
        `${place.join(".")}: at most ${IMPORT_LIMITS.files} files`,
      );
    }
    if (!allowedTypes[kind].includes(content_type as ContentType)) {
      throw damaged([...place, "content_type"], `allowed: ${allowedTypes[kind].join(", ")}`);
    }
    if (file_size > maxFileSize) {
      throw damaged([...place, "file_size"], `at most ${maxFileSize} bytes`);
    }
    this.#promised.set(path, {
      id,
      kind,
      name: file_name,
      incoming_path: `${this.#ports.userId}/${this.id}/incoming/${id}`,
      content_type,
      file_size,
      arrived: false,
    });
    return { ...upload, expires_in: RESERVATION };
  }

  /** All rows are known now. */
  async endRows() {
    await this.#uploads.flush();
    await this.#hits.flush();
  }

  /** Stores a file that the JSON promised, where every upload arrives. Others are passed over. */
  async store(path: string, { name, bytes }: ZipEntry) {
    const file = this.#promised.get(path);
    const { store } = this.#ports;
    if (!file || !store) return;
    try {
      await store.put({
        key: file.incoming_path,
        body: ReadableStream.from(bytes) as ReadableStream<Uint8Array<ArrayBuffer>>,
        size: file.file_size,
        contentType: file.content_type,
      });
    } catch (error) {
      if (!(error instanceof ChatArchiveError) || error.code !== "invalid_request") throw error;
      if (error.details) throw error;
      throw damaged([name], `it has not the ${file.file_size} bytes that chat.json says`, error);
    }
    file.arrived = true;
    await failpoint("import.image");
    await this.#renewNowAndThen();
  }

  /** Verifies what has arrived, as confirm-upload does, in the order of the file. */
  async #confirm() {
    const { admin, store } = this.#ports;
    const arrived = [...this.#promised].filter(([, { arrived }]) => arrived);
    const pathOf = new Map(arrived.map(([path, { id }]) => [id, path]));
    // With the worker's rights all through: the caller does not see the chat yet.
    for (let start = 0; start < arrived.length; start += BATCH_FILES) {
      const ids = arrived.slice(start, start + BATCH_FILES).map(([, { id }]) => id);
      const { body } = await confirmUpload({ ids }, { db: admin, admin, store: store! });
      const [refused] = body.rejected;
      if (refused) throw damaged([pathOf.get(refused.id) ?? "file"], refused.message);
      this.#images += body.images.length;
      await this.#renewNowAndThen();
    }
    for (const { kind, name, arrived } of this.#promised.values()) {
      if (arrived) continue;
      if (kind === "document") this.missingDocument = name;
      else this.#miss(name);
    }
  }

  /** Shows the chat to its owner, whole. */
  async finish() {
    await this.#confirm();
    await failpoint("import.finished");
    if (!await query(() => this.#ports.admin.rpc("finish_import", { of_chat: this.id }))) {
      throw tookTooLong();
    }
    return {
      chat_id: this.id,
      messages: this.#messages.count,
      images: this.#images,
      search_results: this.#hits.count,
      missing_images: this.missingImages,
      ...(this.missingDocument === undefined ? {} : { missing_document: this.missingDocument }),
    };
  }

  /** Removes what there is; its objects go through the outbox. What fails here, the worker does. */
  async abandon() {
    if (!this.#begun) return;
    const deadline = performance.now() + REMOVAL_LIMIT;
    for (let left = true; left && performance.now() < deadline;) {
      const { data, error } = await this.#ports.admin
        .rpc("delete_chats_slice", { chat_ids: [this.id] });
      left = data === false && error === null;
    }
  }

  async #renewNowAndThen() {
    if (performance.now() - this.#renewed >= RENEWAL) await this.#renew();
  }

  async #renew() {
    this.#renewed = performance.now();
    if (!await query(() => this.#ports.admin.rpc("renew_import", { of_chat: this.id }))) {
      throw tookTooLong();
    }
  }
}

function tookTooLong(): ChatArchiveError {
  return new ChatArchiveError("conflict", "the import took too long, and was removed");
}
