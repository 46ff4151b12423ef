import { fieldError } from "../errors.ts";
import { FOUND_TEXTS_PER_PAGE } from "../limits.ts";
import { query as run } from "../query.ts";
import { type Boxes, boxesOf } from "./boxes.ts";
import type { Connection } from "./connection.ts";
import type { FoundText, SearchPage, SearchPageQuery } from "./found_text.ts";
import { operate } from "./operation.ts";

/** A row of search_archive. */
type FoundRow = Omit<FoundText, "coords_norm"> & { coords_norm: Boxes | null; cursor: string };

/** The size of a page. @throws {ChatArchiveError} `invalid_request` where it is none */
export function searchLimit({ limit = 20 }: SearchPageQuery): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= FOUND_TEXTS_PER_PAGE) return limit;
  throw fieldError("invalid_request", ["limit"], `1 to ${FOUND_TEXTS_PER_PAGE}`);
}

/**
 * One page of what a search finds: titles, names of documents, messages, descriptions of images, search
 * results, in this order; of each kind the best match first, and the newest among equals. A query
 * without words finds nothing.
 *
 * @throws {ChatArchiveError} `invalid_request` where the query is too long or `after` is of another one
 */
export function searchPage(connection: Connection, input: SearchPageQuery): Promise<SearchPage> {
  const { query, chat_id, kinds, include_archived, after, signal } = input;
  return operate(
    connection,
    { operation: "searchPage", chat_id, signal, input },
    async (operation) => {
      const limit = searchLimit(input);
      const found = await run(() =>
        operation.connection.supabase.rpc("search_archive", {
          query,
          max_results: limit,
          ...(chat_id === undefined ? {} : { chat_id }),
          ...(kinds === undefined ? {} : { kinds }),
          ...(include_archived === undefined ? {} : { include_archived }),
          ...(after === undefined ? {} : { after }),
        }).abortSignal(operation.limit())
      ) as unknown[] as FoundRow[];
      operation.note({ count: found.length });
      const results = found.map(({ cursor: _, coords_norm, ...row }) => ({
        ...row,
        coords_norm: boxesOf(coords_norm),
      }));
      const last = found.length === limit ? found.at(-1) : undefined;
      return { results, ...(last ? { next: last.cursor } : {}) };
    },
  );
}
