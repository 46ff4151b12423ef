/** What a contract lets through, its column can hold; neither can change without the other. */
import { z } from "zod";
import { PresignUploadRequest, UploadFile } from "@shared/contracts/presign-upload.ts";
import { ChatDocument, ChatImage } from "@shared/contracts/file_rows.ts";
import { EXTENSION_OF } from "@shared/object-keys.ts";
import type { Tables } from "@shared/rows.ts";
import { assert, assertEquals } from "@std/assert";
import { asOperator } from "../support/stack.ts";

/** Field of {@link UploadFile}, and the column of uploads that takes it. */
const UPLOAD_COLUMNS: Record<keyof UploadFile, keyof Tables["uploads"]["Insert"]> = {
  id: "id",
  name: "file_name",
  content_type: "content_type",
  size: "file_size",
  kind: "kind",
  message_id: "message_id",
  document_id: "document_id",
  page_number: "page_number",
  coords_norm: "coords_norm",
  image_type: "image_type",
  description: "description",
  width: "width",
  height: "height",
  page_count: "page_count",
  sha256: "sha256",
};
/** Columns of uploads that come from elsewhere: the request says the chat once, a setting the lifetime. */
const ELSEWHERE = ["chat_id", "expires_in"];
/** Columns of uploads that the database derives. */
const DERIVED = [
  "user_id",
  "imported",
  "incoming_number",
  "incoming_path",
  "attempts",
  "status",
  "expires_at",
  "closes_at",
  "created_at",
];

interface Column {
  name: string;
  type: string;
  nullable: boolean;
  /** Of a varchar or char. */
  max: number | null;
  insertable: boolean;
}

interface Field {
  type?: string | string[];
  pattern?: string;
  maxLength?: number;
  maximum?: number;
  enum?: string[];
  anyOf?: Field[];
}

async function columnsOf(table: keyof Tables): Promise<Map<string, Column>> {
  const rows = await asOperator((sql) =>
    sql<Column[]>`
      select column_name as name, data_type as type, is_nullable = 'YES' as nullable,
             character_maximum_length as max,
             has_column_privilege('authenticated', ${`public.${table}`}, column_name, 'insert')
               as insertable
      from information_schema.columns where table_schema = 'public' and table_name = ${table}`
  );
  return new Map(rows.map((row) => [row.name, row]));
}

/** The condition of a table's check constraint. */
async function checkOf(table: keyof Tables, name: string): Promise<string> {
  const [row] = await asOperator((sql) =>
    sql`select pg_get_constraintdef(oid) as text from pg_constraint
        where conrelid = ${`public.${table}`}::regclass and conname = ${name}`
  );
  assert(row, `${table} has a constraint ${name}`);
  return row["text"];
}

function fieldsOf(schema: z.ZodType, io: "input" | "output"): Map<string, Field> {
  const { properties } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return new Map(Object.entries(properties as Record<string, Field>));
}

/** JSON types that a column's values have; of jsonb, what a check of the column says. */
const JSON_TYPE: Record<string, string> = {
  uuid: "string",
  text: "string",
  "character varying": "string",
  character: "string",
  "timestamp with time zone": "string",
  integer: "integer",
  bigint: "integer",
};

const typesOf = ({ type, anyOf }: Field): (string | undefined)[] =>
  anyOf ? anyOf.flatMap(typesOf) : [type].flat();

async function jsonTypeOf(table: keyof Tables, { name, type }: Column): Promise<string> {
  if (type !== "jsonb") return JSON_TYPE[type]!;
  const [row] = await asOperator((sql) =>
    sql`select conname like '%_box' as is_box from pg_constraint
        where conrelid = ${`public.${table}`}::regclass
          and conname in (${`${table}_${name}_box`}, ${`${table}_${name}_is_object`})`
  );
  assert(row, `${table} checks ${name}`);
  return row["is_box"] ? "array" : "object";
}

for (
  const [table, schema] of [["chat_images", ChatImage], ["chat_documents", ChatDocument]] as const
) {
  Deno.test(`a row in the contract is the table's, column by column: ${table}`, async () => {
    const columns = await columnsOf(table);
    const fields = fieldsOf(schema, "output");
    assertEquals([...fields.keys()].toSorted(), [...columns.keys()].toSorted());
    for (const [name, field] of fields) {
      const column = columns.get(name)!;
      const types = typesOf(field);
      assertEquals(types[0], await jsonTypeOf(table, column), name);
      assertEquals(types.includes("null"), column.nullable, `${name} is null where it may be`);
    }
  });
}

Deno.test("a file to upload has a field for each column that a client may write", async () => {
  const columns = await columnsOf("uploads");
  const insertable = [...columns.values()].filter((column) => column.insertable);
  const given = [...Object.values<string>(UPLOAD_COLUMNS), ...ELSEWHERE];
  assertEquals(given.toSorted(), insertable.map(({ name }) => name).toSorted());
  assertEquals([...given, ...DERIVED].toSorted(), [...columns.keys()].toSorted());
  assert("chat_id" in PresignUploadRequest.shape);
});

Deno.test("what the contract of a file lets through fits into its column", async () => {
  const columns = await columnsOf("uploads");
  const fields = fieldsOf(UploadFile, "input");
  assertEquals([...fields.keys()].toSorted(), Object.keys(UPLOAD_COLUMNS).toSorted());
  for (const [name, field] of fields) {
    const column = columns.get(UPLOAD_COLUMNS[name as keyof UploadFile])!;
    assertEquals(field.type, await jsonTypeOf("uploads", column), name);
    // A file that is too large has an error of its own.
    if (column.type === "integer" && name !== "size") {
      assertEquals(field.maximum, 2 ** 31 - 1, name);
    }
    if (column.max !== null && !field.enum && !field.pattern) {
      assert(field.maxLength !== undefined, `${name} is bounded`);
      assert(field.maxLength <= column.max, `${name}: ${field.maxLength} > ${column.max}`);
    }
    if (column.type === "text") {
      // Bounded in bytes there and in UTF-16 units here, each of which takes at most 3 bytes.
      const [, bytes] = /<= (\d+)/.exec(await checkOf("uploads", `uploads_${name}_size`)) ?? [];
      assert(field.maxLength! * 3 <= Number(bytes), `${name} fits into ${bytes} bytes`);
    }
  }
});

Deno.test("kinds and media types are the same on both sides", async () => {
  const literals = (text: string) => [...text.matchAll(/'([^']+)'/g)].map(([, one]) => one!);
  const kinds = fieldsOf(UploadFile, "input").get("kind")!.enum!;
  assertEquals(
    new Set(literals(await checkOf("uploads", "uploads_kind_known"))),
    new Set(kinds),
  );
  const types = literals(await checkOf("uploads", "uploads_content_type_known"));
  assertEquals(
    new Set(types.filter((one) => one.includes("/"))),
    new Set(Object.keys(EXTENSION_OF)),
  );
});
