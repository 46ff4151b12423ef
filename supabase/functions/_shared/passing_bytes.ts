import { createHash } from "node:crypto";
import type { ContentType } from "@shared/object-keys.ts";
import type { Upload } from "@shared/rows.ts";
import { HEAD_BYTES, inspectFile, TAIL_BYTES } from "./inspect_file.ts";

/** What was announced of a file. The hash is null where an import does not know it. */
export type Announced = Pick<Upload, "content_type" | "file_size" | "sha256">;

/** What bytes turned out to be. */
export interface Verified {
  /** Lower-case hex. */
  sha256: string;
  /** Pixels of an image. */
  width?: number;
  height?: number;
}

/** What arrived is not what was announced. */
export class Mismatch extends Error {
  /**
   * @param flaw what is wrong with the very bytes that were announced. Of any others nothing is told:
   *   somebody may have had them copied to the place that is looked at.
   */
  constructor(readonly flaw?: string) {
    super(flaw ?? "nothing was uploaded, or not the bytes that were announced");
  }
}

/**
 * Looks at a file while its bytes pass, and holds its first and last ones alone.
 */
export class PassingBytes {
  #announced: Announced;
  #hash = createHash("sha256");
  #size = 0;
  #head = new Uint8Array(0);
  #tail = new Uint8Array(0);

  constructor(announced: Announced) {
    this.#announced = announced;
    this.#head = new Uint8Array(Math.min(HEAD_BYTES, announced.file_size));
  }

  /** Bytes that have passed. */
  get size(): number {
    return this.#size;
  }

  /** @throws {Mismatch} where there are more bytes than announced */
  add(piece: Uint8Array): void {
    const before = this.#size;
    this.#size += piece.length;
    if (this.#size > this.#announced.file_size) throw new Mismatch();
    this.#hash.update(piece);
    if (before < this.#head.length) {
      this.#head.set(piece.subarray(0, this.#head.length - before), before);
    }
    this.#tail = lastOf(this.#tail, piece);
  }

  /**
   * Compares what has passed with what was announced.
   *
   * @throws {Mismatch}
   */
  verify(): Verified {
    const { content_type, file_size: size, sha256: expected } = this.#announced;
    if (this.#size !== size) throw new Mismatch();
    const sha256 = this.#hash.digest("hex");
    if (expected !== null && sha256 !== expected) throw new Mismatch();
    const found = inspectFile(content_type as ContentType, {
      head: this.#head,
      tail: this.#tail,
      size,
    });
    // They are the bytes that were announced: what is wrong with them is no secret.
    if (!found.ok) throw new Mismatch(found.message);
    const { ok: _, ...pixels } = found;
    return { sha256, ...pixels };
  }
}

/** The last bytes of two pieces. */
function lastOf(before: Uint8Array<ArrayBuffer>, piece: Uint8Array): Uint8Array<ArrayBuffer> {
  if (piece.length >= TAIL_BYTES) return piece.slice(-TAIL_BYTES);
  const kept = before.subarray(Math.max(0, before.length + piece.length - TAIL_BYTES));
  const joined = new Uint8Array(kept.length + piece.length);
  joined.set(kept);
  joined.set(piece, kept.length);
  return joined;
}
