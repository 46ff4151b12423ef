/**
 * The steps of the demo. It uses what an application uses: supabase-js for rows, the functions for
 * what needs the bucket. Only the last look into the bucket takes the operator's keys.
 *
 * @module
 */
import { join } from "node:path";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { ConfirmUploadResponse } from "@shared/contracts/confirm-upload.ts";
import { DeleteChatResponse } from "@shared/contracts/delete-chat.ts";
import { PresignUploadResponse } from "@shared/contracts/presign-upload.ts";
import type { Database } from "@shared/database.types.ts";
import { chatPrefix } from "@shared/object-keys.ts";
import { CONVERSATION } from "./demo_conversation.ts";
import { Failure } from "./failure.ts";
import { keysBelow, operatorBucket } from "./operator_bucket.ts";
import type { StackStatus } from "./status_file.ts";
import { PROJECT_ROOT } from "./supabase_cli.ts";

const DOCUMENT_FOLDER = join(PROJECT_ROOT, "examples/document");

type Client = SupabaseClient<Database>;
type Print = (line: string) => void;

interface Block {
  block_id: string;
  page_number: number;
  block_text: string;
  coords_norm: number[];
  coords_px: number[];
}

interface FileToUpload {
  file: string;
  content_type: string;
  kind: "image" | "document";
  message_id?: string;
  image_type?: string;
  description?: string;
}

/** Data of a query, or the end of the demo with what went wrong. */
function unwrap<Result extends { data: unknown; error: { message: string } | null }>(
  { data, error }: Result,
): Extract<Result, { error: null }>["data"] {
  if (error) throw new Failure(error.message, "See the log lines of the stack.");
  return data;
}

/** Runs a step, then prints what it did and how long it took. */
async function step<T>(print: Print, work: () => Promise<[string, T]>): Promise<T> {
  const started = performance.now();
  const [text, value] = await work();
  print(`✓ ${text}  (${Math.round(performance.now() - started)} ms)`);
  return value;
}

const kilobytes = (bytes: number) => `${Math.round(bytes / 1024)} kB`;

/** Calls a function as the signed-in user. */
async function call(client: Client, url: string, body: unknown): Promise<unknown> {
  const { data: { session } } = await client.auth.getSession();
  const response = await fetch(url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${session!.access_token}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) {
    throw new Failure(
      `${url}: ${answer.code}: ${answer.message}`,
      "See the log lines of the stack.",
    );
  }
  return answer;
}

/** Reserve, PUT straight to the bucket, confirm. */
async function upload(client: Client, functions: string, chat_id: string, list: FileToUpload[]) {
  const contents = await Promise.all(
    list.map(({ file }) => Deno.readFile(join(DOCUMENT_FOLDER, file))),
  );
  const { uploads } = PresignUploadResponse.parse(
    await call(client, `${functions}/presign-upload`, {
      chat_id,
      files: list.map(({ file, ...rest }, i) => ({
        ...rest,
        name: file,
        size: contents[i]!.length,
      })),
    }),
  );
  await Promise.all(uploads.map(async ({ method, url, headers }, i) => {
    const response = await fetch(url, { method, headers, body: contents[i]! });
    await response.body?.cancel();
    if (!response.ok) throw new Failure(`the bucket answered ${response.status}`, "Try again.");
  }));
  const confirmed = ConfirmUploadResponse.parse(
    await call(client, `${functions}/confirm-upload`, { ids: uploads.map(({ id }) => id) }),
  );
  if (confirmed.rejected.length > 0) {
    throw new Failure(`refused: ${confirmed.rejected[0]!.message}`, "See confirm-upload.");
  }
  return { ...confirmed, bytes: contents.reduce((sum, { length }) => sum + length, 0) };
}

async function signUp(client: Client): Promise<[string, string]> {
  const email = `demo-${crypto.randomUUID().slice(0, 8)}@example.com`;
  const { user } = unwrap(await client.auth.signUp({ email, password: crypto.randomUUID() }));
  return [`Signed up ${email}`, user!.id];
}

async function createChat(client: Client, functions: string): Promise<[string, string]> {
  const chat = unwrap(
    await client.from("chats").insert({
      title: "bzip2 manual: memory and recovery",
      description: "Questions about sections 2.5 and 2.6.",
      metadata: { opened_at_page: 8 },
    }).select().single(),
  );
  const { documents, bytes } = await upload(client, functions, chat.id, [
    { file: "bzip2-manual.pdf", content_type: "application/pdf", kind: "document" },
  ]);
  return [
    `Opened bzip2-manual.pdf (${kilobytes(bytes)}) in a new chat; it is stored as …/${
      documents[0]!.path.split("/").slice(2).join("/")
    }`,
    chat.id,
  ];
}

async function saveMessages(client: Client, chat_id: string): Promise<[string, string[]]> {
  const ids: string[] = [];
  // One by one, as a conversation grows.
  for (const { role, content } of CONVERSATION) {
    const row = unwrap(
      await client.from("chat_messages").insert({ chat_id, role, content }).select("id")
        .single(),
    );
    ids.push(row.id);
  }
  return [`Saved ${ids.length} messages`, ids];
}

async function saveImages(
  client: Client,
  functions: string,
  chat_id: string,
  ids: string[],
): Promise<[string, null]> {
  const { images, bytes } = await upload(
    client,
    functions,
    chat_id,
    CONVERSATION.flatMap((turn, index) =>
      turn.images.map((image) => ({
        ...image,
        content_type: "image/png",
        kind: "image" as const,
        message_id: ids[index]!,
      }))
    ),
  );
  const sizes = images.map(({ width, height }) => `${width}×${height}`).join(", ");
  return [
    `Put ${images.length} page images (${kilobytes(bytes)}: ${sizes}) straight into the bucket, ` +
    `verified, attached to their messages`,
    null,
  ];
}

async function saveHits(client: Client, chat_id: string, ids: string[]): Promise<[string, null]> {
  const blocks: Block[] = JSON.parse(await Deno.readTextFile(join(DOCUMENT_FOLDER, "blocks.json")));
  const rows = CONVERSATION.flatMap((turn, index) =>
    turn.blocks.map(({ block_id, score }) => ({
      ...blocks.find((block) => block.block_id === block_id)!,
      chat_id,
      message_id: ids[index]!,
      score,
    }))
  );
  unwrap(await client.from("search_results").insert(rows));
  return [`Saved ${rows.length} search hits with page, block and coordinates`, null];
}

async function readHistory(client: Client, chat_id: string): Promise<[string, string[]]> {
  const messages = unwrap(
    await client.from("chat_messages")
      .select("*, chat_images(*), search_results(*)")
      .eq("chat_id", chat_id).order("seq")
      .order("seq", { referencedTable: "chat_images" })
      .order("seq", { referencedTable: "search_results" }),
  );
  const lines = messages.flatMap((message) => [
    "",
    `  ${message.role === "user" ? "User" : "Assistant"}, ${message.created_at.slice(0, 19)} UTC`,
    ...message.content.split("\n").map((line) => `    ${line}`),
    ...message.chat_images.map((image) =>
      `    [image] ${image.description} (${image.image_type}, ${image.width}×${image.height})`
    ),
    ...message.search_results.map((hit) =>
      `    [page ${hit.page_number}, block ${hit.block_id}, ${JSON.stringify(hit.coords_norm)}] ` +
      `${hit.block_text?.slice(0, 60)}…`
    ),
  ]);
  return [`Read the history: ${messages.length} messages`, lines];
}

async function exportTo(
  client: Client,
  functions: string,
  chat_id: string,
  folder: string,
): Promise<[string, string]> {
  const { data: { session } } = await client.auth.getSession();
  const response = await fetch(`${functions}/export-chat?chat_id=${chat_id}`, {
    headers: { authorization: `Bearer ${session!.access_token}` },
  });
  if (!response.ok) throw new Failure(`export-chat answered ${response.status}`, "See the log.");
  let markdown = await response.text();

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

async function deleteChat(client: Client, functions: string, chat_id: string, had: number) {
  const { deletions } = DeleteChatResponse.parse(
    await call(client, `${functions}/delete-chat`, { chat_id }),
  );
  const { status, objects_deleted } = deletions[0]!;
  return [
    `Deleted the chat (${status}): ${objects_deleted} of ${had} objects removed`,
    null,
  ] as [string, null];
}

/**
 * Runs the demo.
 *
 * @param status of the stack to run against
 * @param folder where the export is written; created
 * @throws {Failure} where a step fails, or something is left in the bucket
 */
export async function runDemo(status: StackStatus, folder: string, print: Print): Promise<void> {
  const { API_URL, FUNCTIONS_URL, PUBLISHABLE_KEY } = status;
  const client: Client = createClient<Database>(API_URL, PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const userId = await step(print, () => signUp(client));
  const chatId = await step(print, () => createChat(client, FUNCTIONS_URL));
  const messageIds = await step(print, () => saveMessages(client, chatId));
  await step(print, () => saveImages(client, FUNCTIONS_URL, chatId, messageIds));
  await step(print, () => saveHits(client, chatId, messageIds));
  const history = await step(print, () => readHistory(client, chatId));
  for (const line of history) print(line);
  print("");
  await step(print, () => exportTo(client, FUNCTIONS_URL, chatId, folder));
  const before = await objectsOf(status, userId, chatId);
  await step(print, () => deleteChat(client, FUNCTIONS_URL, chatId, before));
  const after = await objectsOf(status, userId, chatId);
  if (after > 0) {
    throw new Failure(`${after} objects are left in the bucket`, "Please report this.");
  }
  print(`✓ The bucket held ${before} objects of the chat, and holds none of it now`);
}
