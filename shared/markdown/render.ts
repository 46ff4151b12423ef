/**
 * Renders a chat as Markdown, piece by piece, so that a long chat never has to be in memory.
 *
 * @module
 */
import type { Chat, Image, Message, SearchResult } from "../rows.ts";
import { asWritten } from "./as_written.ts";
import { contain } from "./contain.ts";
import { codeSpan, escapeInline } from "./escape.ts";
import { linesOf } from "./lines.ts";

/** Facts about the export itself. */
export interface ExportFacts {
  exportedAt: Date;
  /** When the links stop working; absent where images are not linked. */
  linksUntil?: Date;
  /** Documents of the chat: their real names, and addresses where they are linked. */
  documents?: { name: string; url?: string }[];
  /** Why images are named and not linked. */
  imagesLeftOut?: string;
}

/** What an image or a search result was taken from, as far as it is known. */
export interface Origin {
  /** Real name of the document. */
  documentName?: string | undefined;
  /** Counted from 1. */
  pageNumber?: number | undefined;
}

const utc = (time: string | Date) => new Date(time).toISOString().replace(/\.000Z$/, "Z");

/** `Page 9 of manual.pdf`, or as much of it as is known. */
function originOf({ documentName, pageNumber }: Origin): string {
  const page = pageNumber === undefined ? "" : `Page ${pageNumber}`;
  const name = documentName === undefined ? "" : escapeInline(documentName);
  return page && name ? `${page} of ${name}` : page || name;
}

/** Title, description, documents and dates. */
export function renderHeader(chat: Chat, facts: ExportFacts): string {
  const lines = [`# ${escapeInline(chat.title)}`, ""];
  // Always as a quote: a list in it would go on in ours.
  if (chat.description?.trim()) lines.push(...contain(chat.description), "");
  for (const { name, url } of facts.documents ?? []) {
    const shown = escapeInline(name);
    lines.push(`- Document: ${url ? `[${shown}](<${url}>)` : shown}`);
  }
  lines.push(`- Created: ${utc(chat.created_at)}`, `- Last change: ${utc(chat.updated_at)}`);
  lines.push(`- Exported: ${utc(facts.exportedAt)}`);
  if (facts.linksUntil) lines.push(`- Links work until: ${utc(facts.linksUntil)}`);
  if (facts.imagesLeftOut) lines.push(`- Images are not included: ${facts.imagesLeftOut}`);
  return lines.join("\n") + "\n\n";
}

/** @param url signed address; without it the image is named only */
export function renderImage(image: Image, url: string | undefined, origin: Origin = {}): string {
  const alt = escapeInline(image.description?.trim() || image.image_name);
  const from = originOf(origin);
  if (url) return `![${alt}](<${url}>)\n\n${from && `*${from}*\n\n`}`;
  const facts = [codeSpan(image.image_name), from];
  if (image.width && image.height) facts.push(`${image.width} × ${image.height} px`);
  return `*Image not included: ${alt} (${facts.filter(Boolean).join(", ")})*\n\n`;
}

function boxes(coords: unknown): string {
  const list = Array.isArray(coords) && Array.isArray(coords[0]) ? coords : [coords];
  return list.map((box) => `[${(box as number[]).join(", ")}]`).join(", ");
}

/** Page, block and coordinates, then the block's text, as one quote. */
export function renderSearchResult(result: SearchResult, origin: Origin = {}): string {
  const from = originOf({ pageNumber: result.page_number, ...origin });
  const facts = [`**${from}**`, `block ${codeSpan(result.block_id)}`];
  if (result.score !== null) facts.push(`score ${result.score}`);
  const lines = [`> ${facts.join(" · ")}`];
  const coords = [
    ...(result.coords_norm === null ? [] : [`normalised ${boxes(result.coords_norm)}`]),
    ...(result.coords_px === null ? [] : [`pixels ${boxes(result.coords_px)}`]),
  ];
  if (coords.length > 0) lines.push(">", `> Box: ${codeSpan(coords.join("; "))}`);
  // Text of a document, not Markdown: shown as it stands.
  if (result.block_text) {
    lines.push(">", ...linesOf(result.block_text).map((line) => `> > ${escapeInline(line)}`));
  }
  return lines.join("\n") + "\n\n";
}

/** Heading and text of a message. Its images and search results follow. */
export function renderMessage(message: Message): string {
  const role = message.role === "assistant" ? "Assistant" : "User";
  const kind = message.message_type === "text" ? "" : ` · ${escapeInline(message.message_type)}`;
  const body = asWritten(message.content) ?? contain(message.content).join("\n");
  return `## ${role} · ${utc(message.created_at)}${kind}\n\n${body && `${body}\n\n`}`;
}

/** Stands between a message, which may end with a quote of its own, and its search results. */
export const SOURCES_HEADING = "Sources:\n\n";

/** A blank line would be enough in CommonMark, but not in all older kinds of Markdown. */
export const BETWEEN_SEARCH_RESULTS = "<!-- -->\n\n";

/** Heading of what belongs to no message. */
export const LOOSE_HEADING = "## Not attached to a message\n\n";
