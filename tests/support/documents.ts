/**
 * The project's documents, taken apart: code blocks, links, headings.
 *
 * @module
 */
import { join, relative } from "node:path";
import MarkdownIt from "markdown-it";
import type { StackStatus } from "../../stack/status_file.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";

/** A fenced block of code. */
export interface Block {
  /** Path of its document, relative to the project. */
  file: string;
  line: number;
  /** First word of the info string: sh, ts, sql. */
  language: string;
  /**
   * Other words of the info string. `account`: needs an account or a deployed project, and is not
   * run; `docker`: the same for Docker. `operator`: SQL for the role postgres.
   */
  marks: string[];
  code: string;
}

/** A document. */
export interface Document {
  file: string;
  text: string;
  blocks: Block[];
  /** Targets of its links, with their lines. */
  links: { target: string; line: number }[];
  /** What a link's fragment can name. */
  anchors: Set<string>;
}

type Token = ReturnType<InstanceType<typeof MarkdownIt>["parse"]>[number];

/** How GitHub makes an anchor of a heading. */
export function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

function plainText(token: Token): string {
  const parts = token.children ?? [];
  return parts.map(({ type, content }) => type === "text" || type === "code_inline" ? content : "")
    .join("");
}

/** Takes a document apart. */
export function parseDocument(file: string, text: string): Document {
  const document: Document = { file, text, blocks: [], links: [], anchors: new Set() };
  const tokens = new MarkdownIt({ html: true }).parse(text, {});
  tokens.forEach((token, index) => {
    const line = (token.map?.[0] ?? 0) + 1;
    if (token.type === "fence") {
      const [language = "", ...marks] = token.info.trim().split(/\s+/);
      document.blocks.push({ file, line, language, marks, code: token.content });
    }
    if (token.type === "heading_open") {
      const anchor = anchorOf(plainText(tokens[index + 1]!));
      let unique = anchor;
      for (let n = 1; document.anchors.has(unique); n++) unique = `${anchor}-${n}`;
      document.anchors.add(unique);
    }
    for (const child of token.children ?? []) {
      const target = child.type === "link_open"
        ? child.attrGet("href")
        : child.type === "image"
        ? child.attrGet("src")
        : null;
      if (target) document.links.push({ target: String(target), line });
    }
  });
  return document;
}

/** Puts the addresses of a stack in place of those of the local stack, as documents write them. */
export function onStack(code: string, { API_URL, DB_URL }: StackStatus): string {
  return code
    .replaceAll("postgresql://postgres:postgres@127.0.0.1:54322/postgres", DB_URL)
    .replaceAll("http://127.0.0.1:54321", API_URL);
}

const FOLDERS = [".", "docs", "examples", "examples/document"];

/** All documents of the project. */
export async function documents(): Promise<Document[]> {
  const files: string[] = [];
  for (const folder of FOLDERS) {
    for await (const { name, isFile } of Deno.readDir(join(PROJECT_ROOT, folder))) {
      if (isFile && name.endsWith(".md")) files.push(relative(".", join(folder, name)));
    }
  }
  return await Promise.all(
    files.toSorted().map(async (file) =>
      parseDocument(file, await Deno.readTextFile(join(PROJECT_ROOT, file)))
    ),
  );
}
