/** What a person sees: real conversations as Markdown, compared with files that were looked at. */
import { join } from "node:path";
import { unzipSync } from "fflate";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { CONVERSATIONS, type Golden } from "../golden/conversations.ts";
import { assertEquals } from "@std/assert";
import { exportChat } from "../support/exports.ts";
import { image, pdf, uploadAll } from "../support/files.ts";
import { PARSERS, structureOf } from "../support/markdown_structure.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();

async function make({ title, description, document, messages }: Golden): Promise<string> {
  const at = (minute: number) => `2026-01-02T03:${String(minute).padStart(2, "0")}:00Z`;
  const { data: chat } = await user.client.from("chats")
    .insert({ title, description: description ?? null, created_at: at(0) }).select("id").single();
  const chat_id = chat!.id;
  if (document) {
    await uploadAll(user, chat_id, [
      { name: document, content_type: "application/pdf", bytes: pdf(), kind: "document" },
    ]);
  }
  for (const [n, { images = [], searchResults = [], ...message }] of messages.entries()) {
    const { data } = await user.client.from("chat_messages")
      .insert({ ...message, chat_id, created_at: at(n) }).select("id").single();
    const message_id = data!.id;
    if (images.length > 0) {
      const files = images.map(({ name }, seed) => ({ ...image(name, seed), message_id }));
      const ids = await uploadAll(user, chat_id, files);
      for (const [n, { description }] of images.entries()) {
        if (!description) continue;
        await user.client.from("chat_images").update({ description }).eq("id", ids[n]!);
      }
    }
    if (searchResults.length > 0) {
      const rows = searchResults.map((result) => ({
        score: null,
        ...result,
        chat_id,
        message_id,
        coords_norm: [0.1, 0.25, 0.9, 0.3],
      }));
      await user.client.from("search_results").insert(rows);
    }
  }
  return chat_id;
}

for (const [name, conversation] of Object.entries(CONVERSATIONS)) {
  Deno.test(`reads as it should: ${name}`, async () => {
    const chat_id = await make(conversation);
    const zip = unzipSync(await exportChat(user, chat_id, "zip"));
    const markdown = new TextDecoder().decode(zip["chat.md"])
      .replace(/^- (Last change|Exported): .+$/gm, "- $1: (now)");
    const file = join(PROJECT_ROOT, "tests/golden", `${name}.md`);
    if (Deno.env.get("UPDATE_GOLDEN")) await Deno.writeTextFile(file, markdown);
    assertEquals(markdown, await Deno.readTextFile(file));
    for (const parser of Object.values(PARSERS)) {
      const { messages, html } = structureOf(markdown, parser);
      assertEquals(html, []);
      assertEquals(
        messages.map(({ images, searchResults }) => [images.length, searchResults.length]),
        conversation.messages.map((
          one,
        ) => [one.images?.length ?? 0, one.searchResults?.length ?? 0]),
      );
    }
  });
}
