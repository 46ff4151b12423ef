/** `deno task openapi`: writes docs/openapi.json, the contracts as OpenAPI 3.1. */
import { join } from "node:path";
import { z } from "zod";
import * as chatExport from "@shared/contracts/chat-export.ts";
import {
  commonErrors,
  type Contract,
  ErrorAnswer,
  ExceededQuota,
  type Files,
  Issue,
} from "@shared/contracts/contract.ts";
import { CONTRACTS } from "@shared/contracts/contracts.ts";
import { UploadFile } from "@shared/contracts/presign-upload.ts";
import { ChatDocument, ChatImage } from "@shared/contracts/file_rows.ts";
import { type ErrorCode, STATUS_OF } from "@shared/errors.ts";
import { VERSION } from "@shared/version.ts";
import { PROJECT_ROOT } from "../stack/supabase_cli.ts";
import { defineCommand, runCommand } from "./command.ts";

/** Where the document is kept. */
export const OPENAPI_FILE = join(PROJECT_ROOT, "docs/openapi.json");

type Json = Record<string, unknown>;

const DESCRIPTION =
  "The Edge Functions of the chat archive. Rows are read and written through the Data API " +
  "(supabase-js) under row level security. Every answer carries x-request-id, which is the " +
  "caller's own where the request brought a valid one; every error has the shape ErrorAnswer.";

/** Why a function answers with the code, for readers. */
const MEANING: Record<ErrorCode, string> = {
  invalid_request: "a field is wrong; details name it",
  unauthorized: "no valid access token, or no valid secret key",
  forbidden: "the database refuses it to this caller",
  not_found: "it does not exist, or is not the caller's",
  method_not_allowed: "another method; the header allow names the right one",
  conflict: "the id is taken by something else",
  payload_too_large: "the body is too large",
  unsupported_media_type: "the body has a type that the function does not take",
  upload_mismatch: "the bytes are not what was announced",
  quota_exceeded: "more than the caller may hold; details name the quota",
  rate_limited: "called too often; the header retry-after says when it may be repeated, in seconds",
  storage_disabled: "this deployment runs without object storage",
  storage_unavailable: "the bucket does not answer; try again",
  database_disabled: "this deployment runs without a database",
  database_unavailable: "the database does not answer; try again",
  internal: "something went wrong; the cause is in the logs under the request id",
};

/** `delete-chat` → `DeleteChat`. */
function pascal(name: string): string {
  return name.replaceAll(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
}

const ref = (id: string) => `#/components/schemas/${id}`;

function isSchema(answer: z.ZodType | Files): answer is z.ZodType {
  return answer instanceof z.ZodType;
}

/** Media types, with what is known of each. A file's schema is one of the export's, by its name. */
function contentOf(files: Files): Json {
  return Object.fromEntries(
    Object.entries(files).map(([type, schema]) => {
      const [id] = Object.entries(chatExport).find(([, one]) => one === schema) ?? [];
      return [type, id ? { schema: { $ref: ref(id) } } : {}];
    }),
  );
}

/** Leaves out what zod adds and a reader does not need: bounds of all integers, long patterns. */
function plain({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.format === "uuid" || jsonSchema.format === "date-time") delete jsonSchema.pattern;
}

/** The named schemas, each once; they refer to each other. */
function componentsOf(contracts: readonly Contract[]): Json {
  const registry = z.registry<{ id: string }>();
  const add = (id: string, schema: z.ZodType) => {
    if (!registry.has(schema)) registry.add(schema, { id });
  };
  add("ErrorAnswer", ErrorAnswer);
  add("Issue", Issue);
  add("ExceededQuota", ExceededQuota);
  add("ChatImage", ChatImage);
  add("ChatDocument", ChatDocument);
  add("UploadFile", UploadFile);
  for (const [id, schema] of Object.entries(chatExport)) {
    if (schema instanceof z.ZodType) add(id, schema);
  }
  for (const { name, method, request, answers } of contracts) {
    if (method === "POST") add(`${pascal(name)}Request`, request);
    for (const answer of Object.values(answers)) {
      if (isSchema(answer)) add(`${pascal(name)}Answer`, answer);
    }
  }
  const { schemas } = z.toJSONSchema(registry, {
    // As it travels: before defaults are filled in.
    io: "input",
    uri: ref,
    override: plain,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $id: _, $schema: __, ...schema }]) => [id, schema]),
  );
}

const HEADERS = {
  "x-request-id": {
    description: "Id of the request in the logs.",
    schema: { type: "string" },
  },
};

const RETRY_AFTER = {
  description: "Of `rate_limited`: seconds until the request may be repeated.",
  schema: { type: "string" },
};

function successes({ name, answers, headers = {} }: Contract): Json {
  const own = Object.entries(headers).map(([header, description]) => [header, {
    description,
    schema: { type: "string" },
  }]);
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [status, {
      description: isSchema(answer) ? `An answer of ${name}.` : "A file.",
      headers: { ...HEADERS, ...Object.fromEntries(own) },
      content: isSchema(answer)
        ? { "application/json": { schema: { $ref: ref(`${pascal(name)}Answer`) } } }
        : contentOf(answer),
    }]),
  );
}

function failures(contract: Contract): Json {
  const codes = [...new Set([...commonErrors(contract), ...contract.errors])];
  const byStatus = Map.groupBy(codes, (code) => STATUS_OF[code]);
  return Object.fromEntries(
    [...byStatus].toSorted(([a], [b]) => a - b).map(([status, ours]) => [status, {
      description: ours.map((code) => `\`${code}\`: ${MEANING[code]}.`).join(" "),
      headers: {
        ...HEADERS,
        ...(ours.includes("rate_limited") ? { "retry-after": RETRY_AFTER } : {}),
      },
      content: {
        "application/json": {
          schema: {
            allOf: [{ $ref: ref("ErrorAnswer") }, { properties: { code: { enum: ours } } }],
          },
        },
      },
    }]),
  );
}

/** A status that means success with one body and an error with another: health's 503. */
function responsesOf(contract: Contract): Json {
  const good = successes(contract);
  return { ...failures(contract), ...good };
}

/** Parameters of a query. Where it has alternatives, those that only some of them take are optional. */
interface ObjectSchema {
  properties?: Record<string, Json>;
  required?: string[];
}

/** Of a query that takes one of several forms, a parameter is required where all forms require it. */
function parametersOf({ request }: Contract): Json[] {
  const schema = z.toJSONSchema(request, { io: "input", override: plain });
  const forms = (schema.anyOf ?? [schema]) as ObjectSchema[];
  const names = new Set(forms.flatMap(({ properties }) => Object.keys(properties ?? {})));
  return [...names].map((name) => {
    const shapes = forms.flatMap(({ properties }) => properties?.[name] ?? []);
    const different = [...new Map(shapes.map((one) => [JSON.stringify(one), one])).values()];
    return {
      name,
      in: "query",
      required: forms.every(({ required }) => required?.includes(name)),
      schema: different.length === 1 ? different[0] : { anyOf: different },
    };
  });
}

function bodyOf({ name, accepts }: Contract): Json {
  const content = accepts
    ? contentOf(accepts)
    : { "application/json": { schema: { $ref: ref(`${pascal(name)}Request`) } } };
  return { required: true, content };
}

const SECURITY = { user: [{ accessToken: [] }], secret: [{ secretKey: [] }], none: [] };

function operationOf(contract: Contract): Json {
  return {
    operationId: contract.name,
    summary: contract.summary,
    security: SECURITY[contract.access],
    ...(contract.method === "GET"
      ? { parameters: parametersOf(contract) }
      : { requestBody: bodyOf(contract) }),
    responses: responsesOf(contract),
  };
}

/** The document of the given contracts. */
export function openapiOf(contracts: readonly Contract[]): Json {
  return {
    openapi: "3.1.1",
    info: {
      title: "Chat archive",
      version: VERSION,
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [
      {
        url: "http://127.0.0.1:54321/functions/v1",
        description: "Both local stacks",
      },
      {
        url: "https://{project}.supabase.co/functions/v1",
        description: "A project on the platform",
        variables: { project: { default: "abcdefghijklmnopqrst", description: "Its reference." } },
      },
    ],
    paths: Object.fromEntries(
      contracts.map((one) => [`/${one.name}`, { [one.method.toLowerCase()]: operationOf(one) }]),
    ),
    components: {
      securitySchemes: {
        accessToken: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "The access token of a signed-in user.",
        },
        secretKey: {
          type: "apiKey",
          in: "header",
          name: "apikey",
          description: "The project's secret key. Never in a browser.",
        },
      },
      schemas: componentsOf(contracts),
    },
  };
}

/** The document as its file holds it. */
export function openapiText(): string {
  return JSON.stringify(openapiOf(CONTRACTS), null, 2) + "\n";
}

/** The command. */
export const command = defineCommand({
  name: "openapi",
  help: `deno task openapi

Writes docs/openapi.json: the contracts as OpenAPI 3.1.

  --help`,
  async run({ terminal }) {
    await Deno.writeTextFile(OPENAPI_FILE, openapiText());
    terminal.print("wrote docs/openapi.json");
  },
});

if (import.meta.main) await runCommand(command);
