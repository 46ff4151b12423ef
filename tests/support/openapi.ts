/**
 * Holds answers of the functions to docs/openapi.json.
 *
 * @module
 */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";

type Json = Record<string, unknown>;

const DOCUMENT = "openapi";
const text = await Deno.readTextFile(join(PROJECT_ROOT, "docs/openapi.json"));

/** The document, as it is kept. */
export const openapi = JSON.parse(text);

/** An object with named fields has no others: what a function answers must be documented. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)]);
  const result: Json = Object.fromEntries(entries);
  if (result["type"] === "object" && "properties" in result) {
    result["additionalProperties"] ??= false;
  }
  return result;
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema({ $id: DOCUMENT, components: closed(openapi.components) });

const compiled = new Map<string, ValidateFunction>();

function validatorOf(pointer: string, schema: unknown): ValidateFunction {
  let validate = compiled.get(pointer);
  if (!validate) {
    const absolute = JSON.stringify(closed(schema)).replaceAll('"#/', `"${DOCUMENT}#/`);
    compiled.set(pointer, validate = ajv.compile(JSON.parse(absolute)));
  }
  return validate;
}

/** An answer, as it came over HTTP. */
export interface DocumentedAnswer {
  status: number;
  headers: Headers;
  body: unknown;
}

/**
 * What keeps an answer from being documented.
 *
 * @param name   of the function, without what follows `?`
 * @param method of the request; one that the function does not take is answered like the one it takes
 * @returns a sentence, or undefined where nothing does
 */
export function undocumented(name: string, answer: DocumentedAnswer): string | undefined {
  const operations = openapi.paths[`/${name}`];
  if (!operations) return `there is no function ${name}`;
  const [operation] = Object.values<Json>(operations);
  const response = (operation!["responses"] as Json)[String(answer.status)] as Json | undefined;
  if (!response) return `${name} does not say that it answers ${answer.status}`;
  if (!answer.headers.has("x-request-id")) return `${name} gave no x-request-id`;
  const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
  const content = response["content"] as Record<string, { schema?: unknown }>;
  const media = content[type];
  if (!media) return `${name} does not say that ${answer.status} has the type ${type}`;
  if (!media.schema) return undefined;
  const validate = validatorOf(`${name} ${answer.status} ${type}`, media.schema);
  if (validate(answer.body)) return undefined;
  return `${name} ${answer.status}: ${ajv.errorsText(validate.errors)}`;
}
