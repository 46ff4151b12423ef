/** How far an upload is. */
export interface UploadProgress {
  /** Of the file that this is about. */
  id: string;
  name: string;
  /** Bytes of it that were hashed, before any is sent. */
  hashed: number;
  /** Bytes of it that were sent, out of `total`. */
  loaded: number;
  total: number;
  /** Over all files of the call. */
  files_done: number;
  files: number;
  bytes_done: number;
  bytes: number;
}

/** How an upload runs. */
export interface UploadOptions {
  /**
   * Called while a file is hashed, when it begins to be sent and when it has arrived; in between too where
   * the platform tells how much was sent, which is in browsers.
   */
  onProgress?: ((progress: UploadProgress) => void) | undefined;
}

/** Counts what was sent, and calls `onProgress`. */
export class Progress<File extends { id: string; name: string; size: number }> {
  #hashed = new Map<string, number>();
  #loaded = new Map<string, number>();
  #done = 0;
  readonly bytes: number;

  constructor(readonly uploads: File[], readonly tell: UploadOptions["onProgress"]) {
    this.bytes = uploads.reduce((sum, { size }) => sum + size, 0);
  }

  set(
    { id, name, size }: File,
    { hashed, loaded, done = false }: { hashed?: number; loaded?: number; done?: boolean },
  ) {
    if (hashed !== undefined) this.#hashed.set(id, hashed);
    if (loaded !== undefined) this.#loaded.set(id, loaded);
    if (done) this.#done++;
    this.tell?.({
      id,
      name,
      hashed: this.#hashed.get(id) ?? (done ? size : 0),
      loaded: this.#loaded.get(id) ?? 0,
      total: size,
      files_done: this.#done,
      files: this.uploads.length,
      bytes_done: [...this.#loaded.values()].reduce((sum, one) => sum + one, 0),
      bytes: this.bytes,
    });
  }
}
