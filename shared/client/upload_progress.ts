/** How far an upload is. */
export interface UploadProgress {
  /** Of the file that this is about. */
  id: string;
  name: string;
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
   * Called when a file begins and when it has arrived; in between too where the platform tells how
   * much was sent, which is in browsers.
   */
  onProgress?: ((progress: UploadProgress) => void) | undefined;
}

/** Counts what was sent, and calls `onProgress`. */
export class Progress<File extends { id: string; name: string; size: number }> {
  #loaded = new Map<string, number>();
  #done = 0;
  readonly bytes: number;

  constructor(readonly uploads: File[], readonly tell: UploadOptions["onProgress"]) {
    this.bytes = uploads.reduce((sum, { size }) => sum + size, 0);
  }

  set({ id, name, size }: File, loaded: number, done = false) {
    this.#loaded.set(id, loaded);
    if (done) this.#done++;
    this.tell?.({
      id,
      name,
      loaded,
      total: size,
      files_done: this.#done,
      files: this.uploads.length,
      bytes_done: [...this.#loaded.values()].reduce((sum, one) => sum + one, 0),
      bytes: this.bytes,
    });
  }
}
