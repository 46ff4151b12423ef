import type { Issue } from "../errors.ts";
import { allowedIn, inputFault, type Rule, type Rules } from "../input_fault.ts";

const ID = { id: true } as const;
const CHAT = { chat_id: true } as const;

/** What each method needs: one of these sets of fields; none: there need not be any. */
export const NEEDED = {
  createChat: [{ title: true }],
  getChat: [ID],
  listChats: [],
  chats: [],
  updateChat: [ID],
  archiveChat: [ID],
  unarchiveChat: [ID],
  addMessage: [{ chat_id: true, role: true, content: true }],
  addMessages: [{ chat_id: true, messages: true }],
  updateMessage: [ID],
  saveMessages: [{ chat_id: true, messages: true }],
  deleteMessages: [{ chat_id: true, ids: true }, { chat_id: true, after: true }],
  messages: [CHAT],
  history: [CHAT],
  addSearchResults: [{ chat_id: true, search_results: true }],
  searchResults: [CHAT],
  search: [{ query: true }],
  searchPage: [{ query: true }],
  uploadImages: [{ chat_id: true, images: true }],
  uploadDocument: [{ chat_id: true, document: true }],
  documents: [CHAT],
  deleteDocument: [ID],
  attachImages: [{ message_id: true, ids: true }],
  images: [CHAT],
  deleteImages: [{ ids: true }],
  downloadUrls: [{ ids: true }, CHAT, { document_of: true }],
  download: [ID, { document_of: true }],
  exportChat: [CHAT, { all: true }],
  importChat: [{ content: true }],
  deleteChat: [ID],
  awaitDeletion: [ID],
  deleteAccount: [{ confirm: true }],
  usage: [],
  checkConnection: [],
} as const;

/** What each item of a list needs, or the one object of the field. */
export const NEEDED_WITHIN = {
  messages: { role: true, content: true },
  search_results: { block_id: true, page_number: true },
  images: { content: true },
  document: { content: true },
} as const;

const SEQ: Rule = [
  "a seq: a whole number",
  (value) => Number.isInteger(value) || value === Infinity,
];
/** What fields of these methods mean, where that is something else than in others. */
const OWN: Partial<Record<string, Rules>> = {
  messages: { after: SEQ, before: SEQ },
  history: { after: SEQ, before: SEQ },
  deleteMessages: { after: SEQ },
  importChat: { content: ["a Blob, an ArrayBuffer, a Uint8Array or text", () => true] },
  // Those that no chat can have find none.
  listChats: { external_id: ["text", (value) => typeof value === "string"] },
  chats: { external_id: ["text", (value) => typeof value === "string"] },
};

const exampleOf = (needed: object) => `{ ${Object.keys(needed).join(", ")} }`;

/** What a value is that can't be meant. */
function insteadOf(value: unknown): string {
  const what = value instanceof Promise ? "a promise" : value === undefined ? "undefined" : "";
  return what && `, and is ${what} (is an await missing?)`;
}

/**
 * What is wrong with an object, or with what should be one.
 *
 * @param needed the fields that have to be there: one of these sets; none: there need not be any
 * @param own    rules of the method's own
 */
function objectFault(
  value: unknown,
  needed: readonly object[],
  path: Issue["path"],
  own: Rules = {},
): Issue | undefined {
  if (
    typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Promise
  ) {
    const message = `must be an object${needed[0] ? ` such as ${exampleOf(needed[0])}` : ""}`;
    return { path: path.length > 0 ? path : ["input"], message: message + insteadOf(value) };
  }
  const given = value as Record<string, unknown>;
  const missingOf = (one: object) => Object.keys(one).filter((name) => given[name] === undefined);
  if (needed.length === 0 || needed.some((one) => missingOf(one).length === 0)) return undefined;
  // That of which most is named is what was meant.
  const namedOf = (one: object) => Object.keys(one).filter((name) => name in given).length;
  const meant = needed.reduce((most, one) => namedOf(one) > namedOf(most) ? one : most);
  const name = missingOf(meant)[0]!;
  const at = [...path, name];
  const allowed = own[name]?.[0] ?? allowedIn(at) ?? listOf(name) ?? "must be given";
  return {
    path: at,
    message: allowed + (name in given ? insteadOf(undefined) : ", and is not given"),
  };
}

/** What a field of objects takes. */
function listOf(name: string): string | undefined {
  const needed = NEEDED_WITHIN[name as keyof typeof NEEDED_WITHIN] as object | undefined;
  return needed &&
    `${name === "document" ? "an object" : "a list of objects"} such as ${exampleOf(needed)}`;
}

/**
 * The first field of a method's input that is missing, or has no allowed value.
 *
 * @param verb  name of the method
 * @param input what it was called with, of whatever type
 * @returns its place in the input and what is allowed; undefined where no rule is broken
 */
export function callFault(verb: string, input: unknown): Issue | undefined {
  if (!Object.hasOwn(NEEDED, verb)) return undefined;
  const needed: readonly object[] = NEEDED[verb as keyof typeof NEEDED];
  const own = OWN[verb] ?? {};
  const outer = objectFault(input, needed, [], own);
  if (outer) return outer;
  for (const [name, within] of Object.entries(NEEDED_WITHIN)) {
    if (!needed[0] || !(name in needed[0])) continue;
    const value = (input as Record<string, unknown>)[name];
    if (name !== "document" && !Array.isArray(value)) {
      return { path: [name], message: listOf(name)! + insteadOf(value) };
    }
    const items: [Issue["path"], unknown][] = name === "document"
      ? [[[name], value]]
      : (value as unknown[]).map((item, index) => [[name, index], item]);
    for (const [path, item] of items) {
      const fault = objectFault(item, [within], path);
      if (fault) return fault;
    }
  }
  return inputFault(input as object, own);
}
