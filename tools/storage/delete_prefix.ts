import type { DeleteFailure, ObjectStore } from "../../supabase/functions/_shared/object_store.ts";

/** Picks the keys that are not to be deleted. */
export type Spare = (keys: string[]) => Promise<Set<string>>;

/** What became of a page of keys. */
export interface DeletedPage {
  /** Objects. */
  deleted: number;
  spared: string[];
  failures: DeleteFailure[];
}

/**
 * Deletes everything below a prefix, page by page.
 *
 * @param spare says which keys of a page are to stay, by default none
 * @returns what became of each page
 */
export async function* deletePrefix(
  store: Pick<ObjectStore, "list" | "deleteMany">,
  prefix: string,
  spare?: Spare,
): AsyncGenerator<DeletedPage> {
  for await (const page of store.list(prefix, { hidden: true })) {
    const keys = page.map(({ key }) => key);
    const kept = await spare?.(keys) ?? new Set();
    const failures = await store.deleteMany(keys.filter((key) => !kept.has(key)));
    const deleted = keys.length - kept.size - failures.length;
    yield { deleted, spared: [...kept], failures };
  }
}
