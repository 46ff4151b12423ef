/**
 * What is allowed in the fields that methods take. The server decides; these rules tell callers which of
 * their fields it refuses, and why, where its own answer can't say so. Of the types that methods take, none
 * refuses what it takes.
 *
 * @module
 */
import type { Issue } from "./errors.ts";
import { storableJson } from "./storable.ts";
import { TIME } from "./time.ts";

/** What is allowed, in words; and whether a value is. */
export type Rule = [allowed: string, isAllowed: (value: unknown) => boolean];
/** By the field's name. */
export type Rules = Readonly<Record<string, Rule>>;

const KIB = 1024;
const MAX_INTEGER = 2_147_483_647;
/** What PostgreSQL takes for a uuid; it has other forms, which nobody sends. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const isText = (value: unknown): value is string => typeof value === "string";
const bytesOf = (text: string) =>
  text.length * 3 < KIB ? text.length : new TextEncoder().encode(text).length;
/** Characters as PostgreSQL counts them: a surrogate pair is one. */
const lengthOf = (text: string) => [...text].length;
const number = (count: number) => count.toLocaleString("en");

/** Nothing, or what the rule allows. */
const orNull = ([allowed, isAllowed]: Rule): Rule => [
  `${allowed}; or null`,
  (value) => value === null || isAllowed(value),
];
const oneOf = (...values: string[]): Rule => [
  values.join(", ").replace(/, (?=[^,]*$)/, " or "),
  (value) => isText(value) && values.includes(value),
];
const characters = (min: number, max: number): Rule => [
  `${min === 0 ? "at most" : `${min} to`} ${number(max)} characters`,
  (value) =>
    // Of a text of megabytes, lengthOf takes more than there is.
    isText(value) && value.length <= 2 * max && lengthOf(value) >= min && lengthOf(value) <= max,
];
const notBlank = ([allowed, isAllowed]: Rule): Rule => [
  `${allowed}, not all of them spaces`,
  (value) => isAllowed(value) && /\S/.test(value as string),
];
const text = (kib: number): Rule => [
  `text of at most ${number(kib)} KiB`,
  (value) => isText(value) && bytesOf(value) <= kib * KIB,
];
/** What jsonb adds where it is written as text: a space after each comma and colon. */
function spacesIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner = Object.values(value);
  const between = Math.max(0, inner.length - 1) + (Array.isArray(value) ? 0 : inner.length);
  return inner.reduce<number>((sum, one) => sum + spacesIn(one), between);
}
const jsonBytes = (value: unknown) =>
  bytesOf(storableJson(JSON.stringify(value))) + spacesIn(value);
const json = (what: string, kib: number, isKind: (value: unknown) => boolean): Rule => [
  `a JSON ${what} of at most ${number(kib)} KiB`,
  (value) => isKind(value) && jsonBytes(value) <= kib * KIB,
];
const isObject = (value: unknown) =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isSide = (most: number) => (side: unknown) =>
  typeof side === "number" && side >= 0 && side <= most;
const isBox = (value: unknown, most: number) =>
  Array.isArray(value) && value.length === 4 && value.every(isSide(most));
const areBoxes = (most: number) => (value: unknown) =>
  isBox(value, most) ||
  Array.isArray(value) && value.length > 0 && value.every((one) => isBox(one, most));

const ID: Rule = ["a UUID", (value) => isText(value) && UUID.test(value)];
const BOOLEAN: Rule = ["true or false", (value) => typeof value === "boolean"];
const COUNT: Rule = [
  `a whole number from 1 to ${number(MAX_INTEGER)}`,
  (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_INTEGER,
];
const METADATA = json("object", 64, isObject);
const KIND = oneOf("title", "document", "message", "image", "search_result");
/** A Blob has a size, bytes a length. */
const sizeOf = (value: unknown) => {
  const { size, byteLength } = (value ?? {}) as { size?: number; byteLength?: number };
  return size ?? byteLength ?? 0;
};

/** By the field's name, which is that of the column. */
const RULES: Rules = {
  id: ID,
  chat_id: ID,
  document_of: ID,
  message_id: orNull(ID),
  document_id: orNull(ID),
  parent_id: orNull(ID),
  title: notBlank(characters(1, 255)),
  description: orNull(text(1024)),
  is_archived: BOOLEAN,
  include_archived: BOOLEAN,
  metadata: METADATA,
  external_id: orNull(characters(1, 255)),
  role: oneOf("user", "assistant"),
  status: oneOf("streaming", "complete", "incomplete", "error"),
  content: text(1024),
  message_type: characters(0, 50),
  parts: orNull(json("list", 1024, Array.isArray)),
  block_id: characters(0, 255),
  page_number: COUNT,
  block_text: orNull(text(64)),
  score: orNull(["a finite number", Number.isFinite]),
  coords_norm: orNull([
    "[left, top, right, bottom], or a list of such boxes, as fractions of the page from 0 to 1",
    areBoxes(1),
  ]),
  coords_px: orNull([
    "[left, top, right, bottom], or a list of such boxes, in pixels from 0",
    areBoxes(Infinity),
  ]),
  created_at: [
    "a time with an offset, as toISOString gives it",
    (value) => isText(value) && TIME.test(value),
  ],
  query: characters(0, 1000),
  kinds: [
    "a list of title, document, message, image and search_result",
    (value) => Array.isArray(value) && value.every(KIND[1]),
  ],
  ids: ["a list of UUIDs", Array.isArray],
  replaces: ["a list of UUIDs", Array.isArray],
};

/** Of files: `content` is not text there. */
const FILE_RULES: Rules = {
  ...RULES,
  message_id: ID,
  document_id: ID,
  name: notBlank(characters(1, 512)),
  content: ["a Blob, an ArrayBuffer or a Uint8Array, not empty", (value) => sizeOf(value) > 0],
  image_type: characters(1, 50),
  description: characters(0, 16_384),
  coords_norm: [
    "[left, top, right, bottom] with an area, as fractions of the page from 0 to 1",
    (value) => {
      const [x0, y0, x1, y1] = isBox(value, 1) ? value as number[] : [1, 1, 0, 0];
      return x0! < x1! && y0! < y1!;
    },
  ],
  width: COUNT,
  height: COUNT,
  page_count: COUNT,
  sha256: ["64 lower-case hex digits", (value) => isText(value) && /^[0-9a-f]{64}$/.test(value)],
};

/** Fields that hold others, one or a list of them. */
const INNER: Readonly<Record<string, Rules>> = {
  messages: RULES,
  search_results: RULES,
  images: FILE_RULES,
  document: FILE_RULES,
};
/** Fields that are lists of ids. */
const ID_LISTS = ["ids", "replaces"];

/**
 * The first field of an input that has no allowed value.
 *
 * @param own rules of the method's own, before the others
 * @returns its place in the input and what is allowed; undefined where no rule is broken
 */
export function inputFault(
  input: object,
  own: Rules = {},
  rules: Rules = RULES,
  path: Issue["path"] = [],
): Issue | undefined {
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue;
    const at = [...path, name];
    const inner = INNER[name];
    const list = inner || ID_LISTS.includes(name);
    if (list && Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        const place = [...at, index];
        if (!inner && !ID[1](item)) return { path: place, message: ID[0] };
        const fault = inner && isObject(item) ? inputFault(item, {}, inner, place) : undefined;
        if (fault) return fault;
      }
    } else if (inner && isObject(value)) {
      const fault = inputFault(value as object, {}, inner, at);
      if (fault) return fault;
    } else if (!inner && (Object.hasOwn(own, name) || Object.hasOwn(rules, name))) {
      const [allowed, isAllowed] = own[name] ?? rules[name]!;
      if (!isAllowed(value)) return { path: at, message: allowed };
    }
  }
  return undefined;
}

/** What is allowed in a field, where there is a rule. */
export function allowedIn(path: Issue["path"]): string | undefined {
  const [field] = path.filter((part) => typeof part === "string").slice(-1);
  const rules = path.some((part) => INNER[part] === FILE_RULES) ? FILE_RULES : RULES;
  return field !== undefined && Object.hasOwn(rules, field) ? rules[field]![0] : undefined;
}
