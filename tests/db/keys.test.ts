/** Object keys: the database and shared/object-keys.ts make the same ones, of harmless characters. */
import fc from "fast-check";
import { chatPrefix, type ContentType, EXTENSION_OF, type Kind } from "@shared/object-keys.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { asOperator } from "../support/stack.ts";

const COUNT = 3000;

const parts = fc.record({
  // Also ids that no generator makes, and the nil and max ids of RFC 9562.
  user_id: fc.oneof(fc.uuid(), fc.uuid({ version: 4 }), hexId()),
  chat_id: fc.oneof(fc.uuid(), hexId()),
  id: fc.oneof(fc.uuid(), hexId()),
  content_type: fc.constantFrom(...Object.keys(EXTENSION_OF) as ContentType[]),
  // Never part of a key, whatever is in it.
  file_name: fc.string({ unit: "binary", minLength: 1, maxLength: 200 })
    .filter((name) => name.isWellFormed() && !name.includes("\0")),
});

function hexId() {
  return fc.constantFrom(..."0f").chain((char) =>
    fc.constantFrom(char, "8").map((other) =>
      `${char.repeat(8)}-${other.repeat(4)}-${char.repeat(4)}-${other.repeat(4)}-${char.repeat(12)}`
    )
  );
}

const kindOf = (type: ContentType): Kind => type === "application/pdf" ? "document" : "image";

Deno.test("thousands of keys are the same on both sides", async () => {
  const samples = fc.sample(parts, COUNT);
  const rows = samples.map((one, n) => ({ n, kind: kindOf(one.content_type), ...one }));
  const made = await asOperator((sql) =>
    sql.begin(async (tx) => {
      // The same generated columns, without the rows that they would have to belong to.
      await tx`create temporary table keys (like public.uploads including generated) on commit drop`;
      await tx`alter table keys add n integer`;
      await tx`
        insert into keys (n, id, user_id, chat_id, kind, file_name, content_type, file_size,
                          image_type, status, expires_in, expires_at, created_at, imported,
                          incoming_number, attempts)
        select n, id, user_id, chat_id, kind, file_name, content_type, 1, 'page', 'reserved', 1,
               now(), now(), false, n, n
        from jsonb_to_recordset(${tx.json(rows)}) as r (
          n int, id uuid, user_id uuid, chat_id uuid, kind text, file_name text, content_type text
        )`;
      return await tx`
        select private.attempt_key(u) as s3_path, k.incoming_path
        from keys k
        cross join lateral jsonb_populate_record(null::public.uploads, to_jsonb(k)) u
        order by n`;
    })
  );
  assertEquals(made.length, COUNT);
  for (const [n, { kind, ...one }] of rows.entries()) {
    const folder = kind === "document" ? "documents" : "images";
    const ours = {
      s3_path: `${chatPrefix(one)}${folder}/${one.id}-${n}.${EXTENSION_OF[one.content_type]}`,
      incoming_path: `${chatPrefix(one)}incoming/${one.id}-${n}`,
    };
    assertEquals({ ...made[n] } as typeof ours, ours);
    // What Supabase Storage, AWS, R2, MinIO and Ceph all take as it is.
    for (const key of Object.values(ours)) {
      assertMatch(key, /^[A-Za-z0-9/_.-]{1,1024}$/);
      assert(!key.split("/").some((part) => /^\.*$/.test(part)), key);
    }
  }
});
