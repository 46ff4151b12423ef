/**
 * Documents in the browser: pages drawn by pdf.js, and their paragraphs with coordinates.
 *
 * @module
 */
import * as pdfjs from "pdfjs-dist";
import type { Box } from "chat-archive";
import type { Block } from "./retrieval.ts";

const asset = (name: string) => new URL(name, import.meta.url).href;
pdfjs.GlobalWorkerOptions.workerSrc = asset("pdf.worker.js");

/** A document that is open. */
export interface OpenDocument {
  id: string;
  /** Width by height of each page. */
  ratios: number[];
  /** All paragraphs. */
  blocks(): Promise<Block[]>;
  /** Draws a page. @param number from 1 @param width in pixels */
  draw(number: number, width: number): Promise<HTMLCanvasElement>;
}

/** A piece of text on a page, in its units, from the upper left corner. */
interface Run {
  text: string;
  left: number;
  top: number;
  right: number;
  bottom: number;
  size: number;
}

/** Parts of the height of a letter that lie above and below its line. */
const ASCENT = 0.85;
const DESCENT = 0.25;
/** A gap of more than this many heights of a letter begins a paragraph. */
const GAP = 0.9;
/** Characters after which a block ends with its line. */
const MAX_BLOCK = 900;

async function runsOf(page: pdfjs.PDFPageProxy): Promise<Run[]> {
  const viewport = page.getViewport({ scale: 1 });
  const { items } = await page.getTextContent();
  return items.flatMap((item) => {
    if (!("str" in item) || !item.str.trim()) return [];
    const [, , c, d, x, y] = pdfjs.Util.transform(
      viewport.transform,
      item.transform,
    ) as number[];
    const size = Math.hypot(c!, d!);
    return [{
      text: item.str,
      left: x!,
      right: x! + item.width,
      top: y! - ASCENT * size,
      bottom: y! + DESCENT * size,
      size,
    }];
  });
}

/** Whether a run goes on with a paragraph: the same line, or the next one of the same size. */
function continues(block: Run[], run: Run, length: number): boolean {
  const last = block.at(-1)!;
  const sameLine = Math.abs(run.bottom - last.bottom) < 0.5 * last.size;
  if (sameLine) return run.left - last.right < 4 * last.size;
  const gap = run.top - last.bottom;
  return length < MAX_BLOCK && gap > -0.5 * last.size &&
    gap < GAP * Math.min(run.size, last.size) &&
    Math.abs(run.size - last.size) < 0.2 * last.size;
}

/** Paragraphs of a page. */
function blocksOf(
  document_id: string,
  page_number: number,
  runs: Run[],
  size: number[],
): Block[] {
  const groups: Run[][] = [];
  let length = 0;
  for (const run of runs) {
    const group = groups.at(-1);
    if (group && continues(group, run, length)) group.push(run);
    else {
      groups.push([run]);
      length = 0;
    }
    length += run.text.length;
  }
  const fraction = (value: number, of: number) =>
    Number(Math.min(Math.max(value / of, 0), 1).toFixed(5));
  return groups.map((group, index) => ({
    document_id,
    page_number,
    block_id: `p${page_number}-b${index + 1}`,
    text: group.map(({ text }) => text).join(" ").replace(/\s+/g, " ").trim(),
    coords_norm: [
      fraction(Math.min(...group.map(({ left }) => left)), size[0]!),
      fraction(Math.min(...group.map(({ top }) => top)), size[1]!),
      fraction(Math.max(...group.map(({ right }) => right)), size[0]!),
      fraction(Math.max(...group.map(({ bottom }) => bottom)), size[1]!),
    ] as Box,
  })).filter(({ text, coords_norm: [x0, y0, x1, y1] }) => text.length > 2 && x0 < x1 && y0 < y1);
}

/** Opens a PDF. @param id of its row @throws where the bytes are none */
export async function openPdf(
  id: string,
  data: Uint8Array,
): Promise<OpenDocument> {
  const pdf = await pdfjs.getDocument({
    data,
    cMapUrl: asset("cmaps/"),
    standardFontDataUrl: asset("standard_fonts/"),
    wasmUrl: asset("wasm/"),
    iccUrl: asset("iccs/"),
  }).promise;
  const numbers = Array.from({ length: pdf.numPages }, (_, index) => index + 1);
  const sizes = await Promise.all(numbers.map(async (number) => {
    const { width, height } = (await pdf.getPage(number)).getViewport({ scale: 1 });
    return [width, height];
  }));
  let blocks: Promise<Block[]> | undefined;
  return {
    id,
    ratios: sizes.map(([width, height]) => width! / height!),
    blocks: () =>
      blocks ??= Promise.all(
        numbers.map(async (number) =>
          blocksOf(
            id,
            number,
            await runsOf(await pdf.getPage(number)),
            sizes[number - 1]!,
          )
        ),
      ).then((pages) => pages.flat()),
    async draw(number, width) {
      const page = await pdf.getPage(number);
      const viewport = page.getViewport({ scale: width / sizes[number - 1]![0]! });
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(viewport.width);
      canvas.height = Math.round(viewport.height);
      await page.render({ canvas, viewport }).promise;
      return canvas;
    },
  };
}
