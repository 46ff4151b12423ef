/**
 * Files that the JSON of an import promised, from their reservation until they are verified.
 *
 * @module
 */
import { chunked } from "@shared/async.ts";
import { IMPORT_LIMITS } from "@shared/contracts/import-chat.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import type { ContentType, Kind } from "@shared/object-keys.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient, Tables } from "@shared/rows.ts";
import { record } from "../_shared/confirm_attempts.ts";
import { failpoint } from "../_shared/failpoint.ts";
import type { ObjectStore } from "../_shared/object_store.ts";
import { Mismatch, PassingBytes, type Verified } from "../_shared/passing_bytes.ts";
import type { Settings } from "../_shared/settings.ts";
import { damaged } from "./damage.ts";
import { type Lease, tookTooLong } from "./lease.ts";
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
  content_type: string;
  /** Bytes. */
  file_size: number;
  /** Null where the export does not tell. */
  sha256: string | null;
  /** Where it is sent to, once. */
  key?: string;
  /** Once it has arrived. */
  verified?: Verified;
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
    return [...this.#files.values()].filter(({ verified }) => !verified).map(({ name }) => name);
  }

  /** Ids of those that arrived. */
  get arrived(): string[] {
    return [...this.#files.values()].filter(({ verified }) => verified).map(({ id }) => id);
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
    const { id, kind, content_type, file_size, sha256 = null } = upload;
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
      content_type,
      file_size,
      sha256,
    });
    return {
      ...upload,
      user_id: this.#userId,
      imported: true,
      expires_in: RESERVATION_SECONDS,
    };
  }

  /** Begins attempts for the next files, too: most archives hold them in the order of their rows. */
  async #keyOf(file: PromisedFile, { admin }: FilePorts): Promise<string> {
    if (file.key === undefined) {
      const all = [...this.#files.values()];
      const next = all.slice(all.indexOf(file)).filter(({ key }) => key === undefined)
        .slice(0, BATCH_FILES);
      const begun = await query(() =>
        admin.rpc("begin_confirm", { ids: next.map(({ id }) => id) })
      );
      const keys = new Map(begun.map(({ id, key }) => [id, key]));
      for (const one of next) if (keys.has(one.id)) one.key = keys.get(one.id)!;
    }
    if (file.key === undefined) throw tookTooLong();
    return file.key;
  }

  /**
   * Stores a file that was promised, and verifies it as it passes. Others are passed over.
   *
   * @throws {ChatArchiveError} `invalid_request` with the name of a file that is refused
   */
  async store(path: string, { name, bytes }: ZipEntry, ports: FilePorts): Promise<void> {
    const file = this.#files.get(path);
    if (!file) return;
    const { file_size: size, content_type: contentType } = file;
    const passing = new PassingBytes(file);
    const body = ReadableStream.from(through(passing, bytes));
    try {
      await ports.store.put({ key: await this.#keyOf(file, ports), body, size, contentType });
      file.verified = passing.verify();
    } catch (error) {
      if (error instanceof ChatArchiveError && error.code === "invalid_request" && !error.details) {
        throw damaged([name], `it has not the ${size} bytes that chat.json says`, error);
      }
      if (!(error instanceof Mismatch)) throw error;
      const wrong = passing.size === size
        ? "its SHA-256 is not the one that chat.json says"
        : `it has not the ${size} bytes that chat.json says`;
      throw damaged([name], error.flaw ?? wrong, error);
    }
    await failpoint("import.image");
    await ports.lease.renewIfDue();
  }

  /**
   * Makes what has arrived images and documents, in the order of the file.
   *
   * @returns how many there are
   * @throws {ChatArchiveError} `conflict` where the import took too long
   */
  async confirm(
    { admin, store, lease }: FilePorts,
  ): Promise<{ images: number; documents: number }> {
    const arrived = [...this.#files.values()].flatMap(({ id, kind, key, verified }) =>
      key && verified ? [{ id, kind, key, ...verified }] : []
    );
    for (const some of chunked(arrived, BATCH_FILES)) {
      const recorded = await record({ admin, store }, some);
      if (recorded.length < some.length) throw tookTooLong();
      await lease.renewIfDue();
    }
    const images = arrived.filter(({ kind }) => kind === "image").length;
    return { images, documents: arrived.length - images };
  }
}

async function* through(
  passing: PassingBytes,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const piece of bytes) {
    passing.add(piece);
    yield piece as Uint8Array<ArrayBuffer>;
  }
}
