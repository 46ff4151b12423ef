/** What a contract lets through, its column can hold; neither can change without the other. */
import { z } from "zod";
import { PresignUploadRequest, UploadFile } from "@shared/contracts/presign-upload.ts";
import { ChatImage } from "@shared/contracts/values.ts";
import type { Database } from "@shared/database.types.ts";
import { EXTENSION_OF } from "@shared/object-keys.ts";
import { assert, assertEquals } from "@std/assert";
import { asOperator } from "../support/stack.ts";

type Tables = Database["public"]["Tables"];
/** Field of {@link UploadFile}, and the column of uploads that takes it. */
const UPLOAD_COLUMNS: Record<keyof UploadFile, keyof Tables["uploads"]["Insert"]> = {
  id: "id",
  name: "file_name",
  content_type: "content_type",
  size: "file_size",
  kind: "kind",
  message_id: "message_id",
  image_type: "image_type",
  description: "description",
  width: "width",
  height: "height",
  sha256: "sha256",
};

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

/** JSON types that a column's values have. */
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

Deno.test("the row of an image in the contract is the table's, column by column", async () => {
  const columns = await columnsOf("chat_images");
  const fields = fieldsOf(ChatImage, "output");
  assertEquals([...fields.keys()].toSorted(), [...columns.keys()].toSorted());
  for (const [name, field] of fields) {
    const column = columns.get(name)!;
    const types = typesOf(field);
    assertEquals(types[0], JSON_TYPE[column.type], name);
    assertEquals(types.includes("null"), column.nullable, `${name} is null where it may be`);
  }
});

Deno.test("a file to upload has a field for each column that a client may write", async () => {
  const columns = await columnsOf("uploads");
  const insertable = [...columns.values()].filter((column) => column.insertable);
  // The request says the chat once; the setting S3_UPLOAD_EXPIRATION says how long the URL lives.
  const elsewhere = ["chat_id", "expires_in"];
  assertEquals(
    [...Object.values<string>(UPLOAD_COLUMNS), ...elsewhere].toSorted(),
    insertable.map(({ name }) => name).toSorted(),
  );
  assert("chat_id" in PresignUploadRequest.shape);
});

Deno.test("what the contract of a file lets through fits into its column", async () => {
  const columns = await columnsOf("uploads");
  const fields = fieldsOf(UploadFile, "input");
  assertEquals([...fields.keys()].toSorted(), Object.keys(UPLOAD_COLUMNS).toSorted());
  for (const [name, field] of fields) {
    const column = columns.get(UPLOAD_COLUMNS[name as keyof UploadFile])!;
    assertEquals(field.type, JSON_TYPE[column.type], name);
    if (column.type === "integer") assertEquals(field.maximum, 2 ** 31 - 1, name);
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
