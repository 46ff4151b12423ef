/**
 * Renders a chat as Markdown, piece by piece, so that a long chat never has to be in memory.
 *
 * @module
 */
import type { Chat, Image, Message, SearchResult } from "../rows.ts";
import { contain, linesOf } from "./contain.ts";
import { codeSpan, escapeInline } from "./escape.ts";

/** Facts about the export itself. */
export interface ExportFacts {
  exportedAt: Date;
  /** When the links stop working; absent where images are not linked. */
  linksUntil?: Date;
  /** Real name of the document, where there is one. */
  documentName?: string;
  /** Signed address of the document. */
  documentUrl?: string;
  /** Why images are named and not linked. */
  imagesLeftOut?: string;
}

const utc = (time: string | Date) => new Date(time).toISOString().replace(/\.000Z$/, "Z");

/** Title, description, document and dates. */
export function renderHeader(chat: Chat, facts: ExportFacts): string {
  const lines = [`# ${escapeInline(chat.title)}`, ""];
  if (chat.description?.trim()) lines.push(...contain(chat.description), "");
  if (facts.documentName) {
    const name = escapeInline(facts.documentName);
    lines.push(`- Document: ${facts.documentUrl ? `[${name}](<${facts.documentUrl}>)` : name}`);
  }
  lines.push(`- Created: ${utc(chat.created_at)}`, `- Last change: ${utc(chat.updated_at)}`);
  lines.push(`- Exported: ${utc(facts.exportedAt)}`);
  if (facts.linksUntil) lines.push(`- Links work until: ${utc(facts.linksUntil)}`);
  if (facts.imagesLeftOut) lines.push(`- Images are not included: ${facts.imagesLeftOut}`);
  return lines.join("\n") + "\n\n";
}

/** @param url signed address; without it the image is named only */
export function renderImage(image: Image, url: string | undefined): string {
  const alt = escapeInline(image.description?.trim() || image.image_name);
  if (url) return `![${alt}](<${url}>)\n\n`;
  const size = image.width && image.height ? `, ${image.width} × ${image.height} px` : "";
  return `*Image not included: ${alt} (${codeSpan(image.image_name)}${size})*\n\n`;
}

function boxes(coords: unknown): string {
  const list = Array.isArray(coords) && Array.isArray(coords[0]) ? coords : [coords];
  return list.map((box) => `[${(box as number[]).join(", ")}]`).join(", ");
}

/** Page, block and coordinates, then the block's text, as one quote. */
export function renderHit(hit: SearchResult): string {
  const facts = [`**Page ${hit.page_number}**`, `block ${codeSpan(hit.block_id)}`];
  if (hit.score !== null) facts.push(`score ${hit.score}`);
  const lines = [`> ${facts.join(" · ")}`];
  const coords = [
    ...(hit.coords_norm === null ? [] : [`normalised ${boxes(hit.coords_norm)}`]),
    ...(hit.coords_px === null ? [] : [`pixels ${boxes(hit.coords_px)}`]),
  ];
  if (coords.length > 0) lines.push(">", `> Box: ${codeSpan(coords.join("; "))}`);
  // Text of a document, not Markdown: shown as it stands.
  if (hit.block_text) {
    lines.push(">", ...linesOf(hit.block_text).map((line) => `> > ${escapeInline(line)}`));
  }
  return lines.join("\n") + "\n\n";
}

/** Heading and text of a message. Its images and hits follow. */
export function renderMessage(message: Message): string {
  const role = message.role === "assistant" ? "Assistant" : "User";
  const kind = message.message_type === "text" ? "" : ` · ${escapeInline(message.message_type)}`;
  const body = contain(message.content).join("\n");
  return `## ${role} · ${utc(message.created_at)}${kind}\n\n${body}\n\n`;
}

/** Two quotes in a row would be one: a line of our own stands between text and hits. */
export const HITS_HEADING = "Sources:\n\n";

/** Between two hits: a blank line is enough in CommonMark, but not in all older kinds of Markdown. */
export const BETWEEN_HITS = "<!-- -->\n\n";

/** Heading of what belongs to no message. */
export const LOOSE_HEADING = "## Not attached to a message\n\n";
