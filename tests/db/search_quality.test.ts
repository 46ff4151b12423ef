/** The judged searches of tests/search_quality: how early the row comes that a person wants. */
import { join } from "node:path";
import { createChatArchive } from "@shared/client/mod.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { CONVERSATION } from "../../tools/demo_conversation.ts";
import { assert, assertEquals } from "@std/assert";
import { asOperator } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const GOAL = 0.9;
const TEXTS = ["garbage_collection", "conditional_requests", "alice"];

const folder = join(PROJECT_ROOT, "tests/search_quality");
const user = await signUp();
const archive = createChatArchive(user.client, { useDatabase: true });

async function keepDemo() {
  const { id: chat_id } = await archive.createChat({ title: "bzip2 manual: memory and recovery" });
  const messages = await archive.addMessages({
    chat_id,
    messages: CONVERSATION.map(({ role, content }) => ({ role, content })),
  });
  const blocks = JSON.parse(
    await Deno.readTextFile(join(PROJECT_ROOT, "examples/document/blocks.json")),
  );
  await archive.addSearchResults({ chat_id, search_results: blocks });
  // Their bytes do not matter here.
  await asOperator(async (sql) => {
    for (const [n, { images }] of CONVERSATION.entries()) {
      for (const { file, description } of images) {
        const id = crypto.randomUUID();
        await sql`insert into chat_images
          (id, chat_id, user_id, message_id, image_name, s3_path, content_type, file_size, description)
          values (${id}, ${chat_id}, ${user.id}, ${messages[n]!.id}, ${file},
                  ${`${user.id}/${chat_id}/images/${id}.png`}, 'image/png', 1, ${description})`;
      }
    }
  });
}

async function keepText(name: string) {
  const [heading, ...paragraphs] = (await Deno.readTextFile(join(folder, `${name}.md`))).trim()
    .split("\n\n");
  const { id: chat_id } = await archive.createChat({ title: heading!.replace("# ", "") });
  const messages = paragraphs.map((content) => ({ role: "assistant" as const, content }));
  await archive.addMessages({ chat_id, messages });
}

Deno.test("what a person wants comes first, nearly always", async () => {
  await keepDemo();
  for (const name of TEXTS) await keepText(name);
  const queries: [string, string][] = JSON.parse(
    await Deno.readTextFile(join(folder, "queries.json")),
  );
  assert(queries.length >= 40);
  let sum = 0;
  for (const [query, wanted] of queries) {
    const results = (await archive.searchPage({ query, limit: 10 })).results;
    const texts = await Promise.all(results.map(async ({ message_id, kind, snippet }) => {
      if (kind !== "message") return snippet;
      const { data } = await user.client.from("chat_messages").select("content")
        .eq("id", message_id!).single();
      return data!.content;
    }));
    const place = texts.findIndex((text) => text.startsWith(wanted)) + 1;
    if (place > 0) sum += 1 / place;
    if (place !== 1) console.log(`${query}: ${place || "not found"} of ${texts.length}`);
  }
  const rank = sum / queries.length;
  console.log(`mean reciprocal rank of ${queries.length} queries: ${rank.toFixed(3)}`);
  assert(rank >= GOAL, `${rank}`);
  assertEquals((await archive.searchPage({ query: "zeppelin" })).results, []);
});
