import type { NewSearchResult } from "../../add_search_results.ts";
import { searchResultOf } from "../../boxes.ts";
import { idOf } from "../../given.ts";
import type { Image, SearchResult } from "../../rows.ts";
import type { Base } from "../journal.ts";
import { newSearchResult } from "../new_local_rows.ts";
import { removeDocument } from "../removals.ts";
import { rule } from "../rule.ts";
import { unchangedRows } from "../unchanged.ts";
import { idsOf, withIds, withTimes } from "./message_rules.ts";
import { assertSent, onlyMissing } from "./only_missing.ts";

export const addSearchResults = rule<"addSearchResults">({
  prepare: ({ chat_id, search_results }) => ({
    chat_id: idOf(chat_id),
    search_results: withIds(chat_id, search_results),
  }),
  written: ({ chat_id, search_results }) => ({
    chat_id,
    search_results: withTimes(search_results),
  }),
  ids: ({ search_results }) => idsOf(search_results),
  async apply(rows, { chat_id, search_results }) {
    const answer: SearchResult[] = [];
    const missing: NewSearchResult[] = [];
    for (const result of search_results) {
      const known = await rows.get("search_results", result.id!);
      if (known) assertSent({ ...result, chat_id }, known);
      const place = { id: result.id!, chat_id, user_id: rows.user_id };
      const row = known ?? newSearchResult({ ...place, seq: await rows.nextSeq() }, result);
      if (!known) {
        await rows.put("search_results", row);
        missing.push(result);
      }
      answer.push(row);
    }
    const input = missing.length > 0 ? { chat_id, search_results: missing } : null;
    return { answer, chat_id, input };
  },
  async send(server, { input: { chat_id, search_results }, tried, signal }) {
    const send = (search_results: NewSearchResult[]) =>
      server.verbs.addSearchResults({ chat_id, search_results, signal });
    const answer = tried
      ? await onlyMissing(server, "search_results", search_results, send)
      : await send(search_results);
    return { answer: answer.map(searchResultOf) };
  },
  keep: (rows, { answer }) => rows.take("search_results", answer),
  undo: (rows, { search_results }) => rows.remove("search_results", idsOf(search_results)),
  async adopt(rows, chat_id) {
    const search_results = (await rows.of("search_results", chat_id)).map((
      { chat_id: _, user_id: __, seq: ___, bytes: ____, ...result },
    ) => result);
    return search_results.length > 0 ? [{ chat_id, search_results }] : [];
  },
});

export const attachImages = rule<"attachImages">({
  prepare: ({ message_id, ids }) => ({
    message_id: message_id && idOf(message_id),
    ids: ids.map(idOf),
  }),
  ids: ({ ids }) => ids,
  async apply(rows, { message_id, ids }) {
    const answer: Image[] = [];
    for (const id of ids) {
      const image = { ...await rows.known("chat_images", id, "image"), message_id };
      await rows.put("chat_images", image);
      answer.push(image);
    }
    return { answer, chat_id: answer[0]?.chat_id };
  },
  async base(rows, { ids }) {
    const base: Base = {};
    for (const id of ids) {
      const image = await rows.get("chat_images", id);
      if (image) base[id] = { message_id: image.message_id };
    }
    return base;
  },
  async send(server, { input, base, signal }) {
    if (base) await unchangedRows(server, "chat_images", base, () => input);
    return { answer: await server.verbs.attachImages({ ...input, signal }) };
  },
  keep: (rows, { answer }) => rows.takeChanged("chat_images", answer, ["message_id"]),
  async undo(rows, _, theirs) {
    if (theirs) await rows.put("chat_images", theirs as Image);
  },
  async adopt(rows, chat_id) {
    const images = await rows.of("chat_images", chat_id);
    const byMessage = Map.groupBy(images, ({ message_id }) => message_id);
    return [...byMessage].flatMap(([message_id, images]) =>
      message_id === null ? [] : [{ message_id, ids: images.map(({ id }) => id) }]
    );
  },
});

export const deleteImages = rule<"deleteImages">({
  prepare: ({ ids }) => ({ ids: ids.map(idOf) }),
  ids: ({ ids }) => ids,
  async apply(rows, { ids }) {
    const answer: Image[] = [];
    for (const id of ids) {
      const image = await rows.get("chat_images", id);
      if (image) answer.push(image);
    }
    await rows.remove("chat_images", ids);
    return { answer, chat_id: answer[0]?.chat_id };
  },
  keep: (rows, _, { ids }) => rows.remove("chat_images", ids),
  undo: () => Promise.resolve(),
});

export const deleteDocument = rule<"deleteDocument">({
  prepare: ({ id }) => ({ id: idOf(id) }),
  ids: ({ id }) => [id],
  async apply(rows, { id }) {
    const answer = await rows.known("chat_documents", id, "document");
    await removeDocument(rows, answer);
    return { answer, chat_id: answer.chat_id };
  },
  keep: (rows, { answer }) => removeDocument(rows, answer),
  undo: () => Promise.resolve(),
  isGone: true,
});
