/**
 * Files that the JSON of an import promised, from their reservation until they are verified.
 *
 * @module
 */
import { chunked } from "@shared/async.ts";
import { IMPORT_LIMITS } from "@shared/contracts/import-chat.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import { type ContentType, incomingKey, type Kind } from "@shared/object-keys.ts";
import type { ArchiveClient, Tables } from "@shared/rows.ts";
import { confirmUploads } from "../_shared/confirm_uploads.ts";
import { failpoint } from "../_shared/failpoint.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import type { Settings } from "../_shared/settings.ts";
import { damaged } from "./damage.ts";
import type { Lease } from "./lease.ts";
import type { Place } from "./row_batch.ts";
import type { ZipEntry } from "./zip_reader.ts";

/** Reservations of one insert, and ids of one confirm. */
export const BATCH_FILES = 100;
/** Seconds that a reservation lives, the database's maximum: bytes come when the sender sends them. */
const RESERVATION_SECONDS = 3600;

type Reservation = Tables["uploads"]["Insert"];

/** A reservation that is to be made. */
export type NewUpload = Reservation & { id: string; kind: Kind };

/** Not all of the reservation: its description may be long, and there are many files. */
interface PromisedFile {
  /** Of the upload. */
  id: string;
  kind: Kind;
  /** Real name. */
  name: string;
  key: string;
  contentType: string;
  /** Bytes. */
  size: number;
  arrived: boolean;
}

/** What files are stored and confirmed with. */
export interface FilePorts {
  /** With the worker's rights all through: the caller does not see the chat yet. */
  admin: ArchiveClient;
  store: ObjectStore;
  lease: Lease;
}

/** The files, by their path in the zip. */
export class PromisedFiles {
  #files = new Map<string, PromisedFile>();
  #settings: Pick<Settings, "maxFileSize" | "allowedTypes">;
  #userId: string;

  /** @param userId whose chat it becomes */
  constructor(userId: string, settings: Pick<Settings, "maxFileSize" | "allowedTypes">) {
    this.#userId = userId;
    this.#settings = settings;
  }

  /** Names of those that did not arrive. */
  get missing(): string[] {
    return [...this.#files.values()].filter(({ arrived }) => !arrived).map(({ name }) => name);
  }

  /** Ids of those that arrived. */
  get arrived(): string[] {
    return [...this.#files.values()].filter(({ arrived }) => arrived).map(({ id }) => id);
  }

  /**
   * Notes a file, and checks it as presign-upload does.
   *
   * @param path  in the zip
   * @param place of the row that promises it
   * @returns its reservation
   * @throws {ChatArchiveError} `invalid_request` with the field, `payload_too_large`
   */
  add(path: string, place: Place, upload: NewUpload): Reservation {
    const { id, chat_id, kind, content_type, file_size } = upload;
    const { allowedTypes, maxFileSize } = this.#settings;
    if (this.#files.has(path)) throw damaged([...place, "file"], "two rows name the same file");
    if (this.#files.size >= IMPORT_LIMITS.files) {
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
    this.#files.set(path, {
      id,
      kind,
      name: upload.file_name,
      key: incomingKey({ user_id: this.#userId, chat_id }, id),
      contentType: content_type,
      size: file_size,
      arrived: false,
    });
    return { ...upload, expires_in: RESERVATION_SECONDS };
  }

  /** Stores a file that was promised, where every upload arrives. Others are passed over. */
  async store(path: string, { name, bytes }: ZipEntry, { store, lease }: FilePorts): Promise<void> {
    const file = this.#files.get(path);
    if (!file) return;
    const { key, size, contentType } = file;
    const body = ReadableStream.from(bytes) as ReadableStream<Uint8Array<ArrayBuffer>>;
    try {
      await store.put({ key, body, size, contentType });
    } catch (error) {
      if (!(error instanceof ChatArchiveError) || error.code !== "invalid_request") throw error;
      if (error.details) throw error;
      throw damaged([name], `it has not the ${size} bytes that chat.json says`, error);
    }
    file.arrived = true;
    await failpoint("import.image");
    await lease.renewIfDue();
  }

  /**
   * Verifies what has arrived, as confirm-upload does, in the order of the file.
   *
   * @returns how many images and documents there are
   * @throws {ChatArchiveError} `invalid_request` with the name of a file that is refused
   */
  async confirm(
    { admin, store, lease }: FilePorts,
  ): Promise<{ images: number; documents: number }> {
    const arrived = [...this.#files].filter(([, { arrived }]) => arrived);
    const pathOf = new Map(arrived.map(([path, { id }]) => [id, path]));
    const count = { images: 0, documents: 0 };
    for (const ids of chunked([...pathOf.keys()], BATCH_FILES)) {
      const confirmed = await confirmUploads(ids, { db: admin, admin, store });
      if (!confirmed) throw new ChatArchiveError("not_found", "no such uploads");
      const [refused] = confirmed.rejected;
      if (refused) throw damaged([pathOf.get(refused.id) ?? "file"], refused.message);
      count.images += confirmed.images.length;
      count.documents += confirmed.documents.length;
      await lease.renewIfDue();
    }
    return count;
  }
}
