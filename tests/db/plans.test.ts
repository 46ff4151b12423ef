/** Lists, pages and searches read by index whatever a table holds: of 50,000 rows a page looks at its own. */
import type postgres from "postgres";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { asOperator } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const ROWS = 50_000;
const user = await signUp();

interface Node {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Index Cond"?: string;
  Plans?: Node[];
}

class Undone extends Error {}

/** Runs work as the signed-in user, in a transaction that fills the tables first and leaves nothing. */
async function withManyRows(work: (tx: postgres.TransactionSql, chat: string) => Promise<void>) {
  await asOperator((sql) =>
    sql.begin(async (tx) => {
      const [{ id }] = await tx<[{ id: string }]>`
        insert into chats (user_id, title, updated_at)
        select ${user.id}, 'chat ' || n, now() - n * interval '1 minute'
        from generate_series(1, 2000) n returning id`;
      await tx`insert into chat_messages (chat_id, user_id, role, content)
               select ${id}, ${user.id}, 'user', 'x' from generate_series(1, ${ROWS}::int)`;
      // How many rows there are of each user and chat must not depend on what other tests have left.
      await tx`alter table chats alter column user_id set (n_distinct = 4)`;
      await tx`alter table chat_messages alter column chat_id set (n_distinct = 4)`;
      // Before rows refer to them: checks of foreign keys are planned once.
      await tx`analyze chats, chat_messages`;
      await tx`insert into search_results (chat_id, user_id, message_id, block_id, page_number)
               select chat_id, user_id, id, 'b', 1 from chat_messages where chat_id = ${id}
               limit 10000`;
      await tx`insert into chat_images
                 (id, chat_id, user_id, message_id, image_name, s3_path, content_type, file_size)
               select id, chat_id, user_id, id, 'a.png',
                      user_id || '/' || chat_id || '/images/' || id || '.png', 'image/png', 1
               from chat_messages where chat_id = ${id} limit 10000`;
      await tx`analyze search_results, chat_images`;
      // What PostgREST's prepared statements and plpgsql come to after some calls.
      await tx`set local plan_cache_mode = force_generic_plan`;
      const claims = JSON.stringify({ sub: user.id, role: "authenticated" });
      await tx`select set_config('request.jwt.claims', ${claims}, true)`;
      await tx`set local role authenticated`;
      await work(tx, id);
      throw new Undone();
    }).catch((error) => {
      if (!(error instanceof Undone)) throw error;
    })
  );
}

/** The scans of tables in a plan, each as table, kind and columns of its condition. */
function scans(node: Node): string[] {
  const own = node["Relation Name"]
    ? [
      `${node["Relation Name"]}: ${node["Node Type"]} ${
        [...(node["Index Cond"] ?? "").matchAll(/\b(\w+) [=<>]/g)].map(([, column]) => column)
      }`,
    ]
    : [];
  return [...own, ...(node.Plans ?? []).flatMap(scans)];
}

async function planOf(tx: postgres.TransactionSql, statement: string): Promise<string[]> {
  const [row] = await tx.unsafe(`explain (format json) ${statement}`);
  return scans(row!["QUERY PLAN"][0].Plan);
}

/** The one query of a function in plpgsql, prepared with the function's parameters. */
async function prepareBody(tx: postgres.TransactionSql, name: string) {
  const [row] = await tx<[{ source: string; names: string[]; types: string[] }]>`
    select prosrc as source, proargnames[1:pronargs] as names,
           array(select t::regtype::text from unnest(proargtypes) t) as types
    from pg_proc where oid = ${`public.${name}`}::regproc`;
  const [, body] = /return query\s+([\s\S]*?);\s*end/.exec(row.source)!;
  // A local constant of history_page.
  const query = row.names.reduce(
    (text, parameter, n) => text.replaceAll(new RegExp(`\\b${parameter}\\b`, "g"), `$${n + 1}`),
    body!.replaceAll(/\bmost\b/g, "least(max_bytes, 4194304)"),
  );
  await tx.unsafe(`prepare ${name} (${row.types.join(", ")}) as ${query}`);
}

Deno.test("a list or page of 50,000 rows reads its own by index", (t) =>
  withManyRows(async (tx, chat) => {
    for (const column of ["created_at", "updated_at"]) {
      await t.step(`chats by ${column}`, async () => {
        const list = `select id, title from chats order by ${column} desc, id desc limit 50`;
        assertEquals((await planOf(tx, list)).at(-1), "chats: Index Scan user_id");
        const lines = await tx.unsafe(`explain ${list}`);
        assert(!lines.some((line) => line["QUERY PLAN"].includes("Sort")), "in its order");
      });
    }
    for (const name of ["chat_messages_page", "history_page"]) {
      await t.step(name, async () => {
        await prepareBody(tx, name);
        const plan = await planOf(
          tx,
          `execute ${name} ('${chat}', 0, 1000000000, false, 50, 1000)`,
        );
        // Both directions, each by chat and seq; then rows by their own or their message's id.
        const pages = plan.filter((scan) => /Index Scan chat_id,(user_id,)?seq,seq$/.test(scan));
        assertEquals(pages.length, 2, `${plan}`);
        const others = plan.filter((scan) => !pages.includes(scan));
        assert(others.length > 0, `${plan}`);
        for (const scan of others) assertMatch(scan, / Scan (id|message_id)$/);
      });
    }
  }));

// The costs of two indexes that find the same rows differ by their height alone: which one is taken depends on
// how many rows the table has.
Deno.test("rows of a chat are read in order by each index that may be taken for it", (t) =>
  withManyRows(async (tx, chat) => {
    for (const table of ["chat_messages", "chat_images", "search_results", "chat_documents"]) {
      await t.step(table, async () => {
        const indexes = await tx<{ name: string; columns: string[] }[]>`
          select c.relname as name, array(
            select a.attname::text from unnest(i.indkey) with ordinality k (attnum, n)
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum order by k.n
          ) as columns
          from pg_index i join pg_class c on c.oid = i.indexrelid
          where i.indrelid = ${`public.${table}`}::regclass`;
        // Those of which the rules and the chat give each column.
        const bare = indexes.filter(({ columns }) =>
          columns.every((column) => ["chat_id", "user_id"].includes(column))
        );
        assertEquals(bare, []);
        await tx`reset role`;
        await tx.unsafe(
          table === "chat_messages"
            ? "alter table chat_messages drop constraint chat_messages_chat_id_seq_key"
            : `drop index ${table}_chat_id_seq_idx`,
        );
        // Of a table that happens to be small all would be read.
        await tx`set local enable_seqscan = off`;
        await tx`set local enable_bitmapscan = off`;
        await tx`set local role authenticated`;
        await tx.unsafe(`prepare ${table} (uuid, bigint, integer) as
          select * from ${table} where chat_id = $1 and seq > $2 order by seq limit $3`);
        const lines = await tx.unsafe(`explain execute ${table} ('${chat}', 0, 50)`);
        const plan = lines.map((line) => line["QUERY PLAN"]).join("\n");
        assert(!plan.includes("Sort"), plan);
      });
    }
  }));

/** The one query of private.find_texts that reads entries, prepared as the function runs it. */
async function prepareSearch(tx: postgres.TransactionSql) {
  const [row] = await tx<[{ source: string; settings: string[] }]>`
    select prosrc as source, proconfig as settings from pg_proc
    where oid = 'private.find_texts'::regproc`;
  for (const setting of row.settings) {
    const [name, value] = setting.split("=") as [string, string];
    if (name !== "search_path") await tx`select set_config(${name}, ${value}, true)`;
  }
  const [, query] = /(select\s+count\(\*\) as looked_at[\s\S]*?offset 0\s+\) v);/.exec(row.source)!;
  const parameters = ["asked.matching", "importing", "include_archived", "of_chat", "keys", "me"];
  const text = parameters.reduce(
    (text, name, n) => text.replaceAll(new RegExp(`\\b${name}\\b`, "g"), `$${n + 1}`),
    query!.replace("into batch", ""),
  );
  await tx.unsafe(`prepare search (tsquery, uuid[], boolean, uuid, tsquery, uuid) as ${text}`);
}

/** Scans of an index in a plan, each as index and condition. */
function indexScans(node: Node): string[] {
  const own = node["Index Name"] ? [`${node["Index Name"]}: ${node["Index Cond"]}`] : [];
  return [...own, ...(node.Plans ?? []).flatMap(indexScans)];
}

Deno.test("a search of 50,000 entries reads those of one user by index", () =>
  withManyRows(async (tx, chat) => {
    await tx`reset role`;
    await tx`analyze private.search_entries`;
    await prepareSearch(tx);
    for (const [of_chat, condition] of [["null", ""], [`'${chat}'`, "chat_id = $4"]] as const) {
      const [row] = await tx.unsafe(
        `explain (format json) execute search ('x', '{}', false, ${of_chat}, 'k', '${user.id}')`,
      );
      const { Plan } = row!["QUERY PLAN"][0];
      const scans = indexScans(Plan);
      assertEquals(
        scans.filter((scan) =>
          !/^(search_entries_keys_idx|chats_pkey|chats_id_user_id_key): /.test(scan)
        ),
        [],
        "nothing else is read",
      );
      const keys = scans.filter((scan) => scan.startsWith("search_entries_keys_idx"));
      assertEquals(keys.length, 2);
      assert(keys.every((scan) => scan.includes("@@ $5")) && keys.join().includes(condition));
      assert(!JSON.stringify(Plan).includes("Seq Scan"));
    }
  }));
