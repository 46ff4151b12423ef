/**
 * The steps of the demo. It uses what an application uses: the client library. Only the last look
 * into the bucket takes the operator's keys.
 *
 * @module
 */
import { join } from "node:path";
import { createClient } from "@supabase/supabase-js";
import {
  type ArchiveClient,
  type Box,
  type ChatArchive,
  ChatArchiveError,
  createChatArchive,
} from "@shared/client/mod.ts";
import { chatPrefix } from "@shared/object-keys.ts";
import { CONVERSATION } from "./demo_conversation.ts";
import { Failure } from "../stack/failure.ts";
import { keysBelow, operatorBucket } from "./operator_bucket.ts";
import type { StackStatus } from "../stack/status_file.ts";
import { PROJECT_ROOT } from "../stack/supabase_cli.ts";

const DOCUMENT_FOLDER = join(PROJECT_ROOT, "examples/document");

type Print = (line: string) => void;

interface Block {
  block_id: string;
  page_number: number;
  block_text: string;
  coords_norm: Box;
  coords_px: Box;
}

/** Runs a step, then prints what it did and how long it took. */
async function step<T>(print: Print, work: () => Promise<[string, T]>): Promise<T> {
  const started = performance.now();
  const [text, value] = await work();
  print(`✓ ${text}  (${Math.round(performance.now() - started)} ms)`);
  return value;
}

const kilobytes = (bytes: number) => `${Math.round(bytes / 1024)} kB`;

/** A file of the sample document. */
async function fileOf(name: string, type: string): Promise<Blob> {
  return new Blob([await Deno.readFile(join(DOCUMENT_FOLDER, name))], { type });
}

async function signUp(supabase: ArchiveClient): Promise<[string, string]> {
  const email = `demo-${crypto.randomUUID().slice(0, 8)}@example.com`;
  const { data, error } = await supabase.auth.signUp({ email, password: crypto.randomUUID() });
  if (error) throw new Failure(error.message, "See the log lines of the stack.");
  return [`Signed up ${email}`, data.user!.id];
}

async function createChat(archive: ChatArchive): Promise<[string, string]> {
  const { id } = await archive.createChat({
    title: "bzip2 manual: memory and recovery",
    description: "Questions about sections 2.5 and 2.6.",
    metadata: { opened_at_page: 8 },
  });
  const content = await fileOf("bzip2-manual.pdf", "application/pdf");
  const { s3_path } = await archive.uploadDocument({
    chat_id: id,
    document: { name: "bzip2-manual.pdf", content },
  });
  return [
    `Opened bzip2-manual.pdf (${kilobytes(content.size)}) in a new chat; it is stored as …/${
      s3_path.split("/").slice(2).join("/")
    }`,
    id,
  ];
}

async function saveMessages(archive: ChatArchive, chat_id: string): Promise<[string, string[]]> {
  const ids: string[] = [];
  // One by one, as a conversation grows.
  for (const { role, content } of CONVERSATION) {
    ids.push((await archive.addMessage({ chat_id, role, content })).id);
  }
  return [`Saved ${ids.length} messages`, ids];
}

async function saveImages(
  archive: ChatArchive,
  chat_id: string,
  ids: string[],
): Promise<[string, null]> {
  const images = await archive.uploadImages({
    chat_id,
    images: await Promise.all(
      CONVERSATION.flatMap((turn, index) =>
        turn.images.map(async ({ file, ...facts }) => ({
          ...facts,
          name: file,
          content: await fileOf(file, "image/png"),
          message_id: ids[index]!,
        }))
      ),
    ),
  });
  const bytes = images.reduce((sum, { file_size }) => sum + file_size, 0);
  const sizes = images.map(({ width, height }) => `${width}×${height}`).join(", ");
  return [
    `Put ${images.length} page images (${kilobytes(bytes)}: ${sizes}) straight into the bucket, ` +
    `verified, attached to their messages`,
    null,
  ];
}

async function saveHits(
  archive: ChatArchive,
  chat_id: string,
  ids: string[],
): Promise<[string, null]> {
  const blocks: Block[] = JSON.parse(await Deno.readTextFile(join(DOCUMENT_FOLDER, "blocks.json")));
  const search_results = CONVERSATION.flatMap((turn, index) =>
    turn.blocks.map(({ block_id, score }) => ({
      ...blocks.find((block) => block.block_id === block_id)!,
      message_id: ids[index]!,
      score,
    }))
  );
  await archive.addSearchResults({ chat_id, search_results });
  return [`Saved ${search_results.length} search hits with page, block and coordinates`, null];
}

async function readHistory(archive: ChatArchive, chat_id: string): Promise<[string, string[]]> {
  const messages = await Array.fromAsync(archive.history({ chat_id }));
  const lines = messages.flatMap((message) => [
    "",
    `  ${message.role === "user" ? "User" : "Assistant"}, ${message.created_at.slice(0, 19)} UTC`,
    ...message.content.split("\n").map((line) => `    ${line}`),
    ...message.images.map((image) =>
      `    [image] ${image.description} (${image.image_type}, ${image.width}×${image.height})`
    ),
    ...message.search_results.map((hit) =>
      `    [page ${hit.page_number}, block ${hit.block_id}, ${JSON.stringify(hit.coords_norm)}] ` +
      `${hit.block_text?.slice(0, 60)}…`
    ),
  ]);
  return [`Read the history: ${messages.length} messages`, lines];
}

/** Words of the question, in both languages, and a part of a file name. */
const SEARCHES = ["memory decompress", "поврежденный архив", "bzip2-man"];

async function searchArchive(archive: ChatArchive): Promise<[string, string[]]> {
  const lines: string[] = [];
  for (const query of SEARCHES) {
    const { results } = await archive.searchPage({ query, limit: 3 });
    lines.push(
      `  ${query}`,
      ...results.map(({ kind, page_number, snippet, matches }) => {
        let text = snippet;
        for (const [start, end] of matches.toReversed()) {
          text = `${text.slice(0, start)}[${text.slice(start, end)}]${text.slice(end)}`;
        }
        const page = page_number === null ? "" : `, page ${page_number}`;
        return `    ${kind}${page}: ${text.replaceAll(/\s+/g, " ").slice(0, 90)}`;
      }),
    );
  }
  return [`Searched for ${SEARCHES.length} things in what was kept`, lines];
}

async function exportTo(
  archive: ChatArchive,
  chat_id: string,
  folder: string,
): Promise<[string, string]> {
  const { body } = await archive.exportChat({ chat_id });
  let markdown = await new Response(body).text();

  // The chat is deleted next and its links with it, so what they lead to is kept beside the text.
  await Deno.mkdir(join(folder, "images"), { recursive: true });
  const links = [...markdown.matchAll(/(!?)\[[^\n]*\]\(<(http[^>]+)>\)/g)];
  for (const [index, [, image, url]] of links.entries()) {
    const answer = await fetch(url!);
    if (!answer.ok) throw new Failure(`an exported link answered ${answer.status}`, "See the log.");
    const name = image ? `images/${index}.png` : "document.pdf";
    await Deno.writeFile(join(folder, name), await answer.bytes());
    markdown = markdown.replace(`<${url}>`, name);
  }
  const file = join(folder, "chat.md");
  await Deno.writeTextFile(file, markdown);
  return [`Exported the chat as Markdown, with ${links.length} linked files: ${file}`, file];
}

/** How many objects lie below the chat's prefix, as the operator sees it. */
async function objectsOf(status: StackStatus, user_id: string, chat_id: string): Promise<number> {
  return (await keysBelow(operatorBucket(status), chatPrefix({ user_id, chat_id }))).length;
}

async function deleteChat(
  archive: ChatArchive,
  chat_id: string,
  had: number,
): Promise<[string, null]> {
  const { status, objects_deleted } = await archive.deleteChat({ id: chat_id });
  return [`Deleted the chat (${status}): ${objects_deleted} of ${had} objects removed`, null];
}

async function runSteps(status: StackStatus, folder: string, print: Print): Promise<void> {
  const { API_URL, PUBLISHABLE_KEY } = status;
  const supabase: ArchiveClient = createClient(API_URL, PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const archive = createChatArchive(supabase);
  const userId = await step(print, () => signUp(supabase));
  const chatId = await step(print, () => createChat(archive));
  const messageIds = await step(print, () => saveMessages(archive, chatId));
  await step(print, () => saveImages(archive, chatId, messageIds));
  await step(print, () => saveHits(archive, chatId, messageIds));
  const history = await step(print, () => readHistory(archive, chatId));
  for (const line of history) print(line);
  print("");
  const found = await step(print, () => searchArchive(archive));
  for (const line of found) print(line);
  print("");
  await step(print, () => exportTo(archive, chatId, folder));
  const before = await objectsOf(status, userId, chatId);
  await step(print, () => deleteChat(archive, chatId, before));
  const after = await objectsOf(status, userId, chatId);
  if (after > 0) {
    throw new Failure(`${after} objects are left in the bucket`, "Please report this.");
  }
  print(`✓ The bucket held ${before} objects of the chat, and holds none of it now`);
}

/**
 * Runs the demo.
 *
 * @param status of the stack to run against
 * @param folder where the export is written; created
 * @throws {Failure} where a step fails, or something is left in the bucket
 */
export async function runDemo(status: StackStatus, folder: string, print: Print): Promise<void> {
  try {
    await runSteps(status, folder, print);
  } catch (error) {
    if (!(error instanceof ChatArchiveError)) throw error;
    const { code, message, requestId } = error;
    throw new Failure(`${code}: ${message}`, `See the log lines of the stack for ${requestId}.`);
  }
}
