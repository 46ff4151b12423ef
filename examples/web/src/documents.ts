/**
 * Documents that are open, and pictures of their pages.
 *
 * @module
 */
import type { Box } from "chat-archive";
import { archive } from "./backend.ts";
import type { OpenDocument } from "./pdf.ts";
import type { Passage } from "./retrieval.ts";

/** What the reader shows of a page right now. */
export interface View {
  document_id: string;
  page_number: number;
  coords_norm: Box;
}

const open = new Map<string, Promise<OpenDocument>>();

/** Opens a document of the archive, once. pdf.js is loaded with the first one. */
export function openDocument(id: string): Promise<OpenDocument> {
  let document = open.get(id);
  if (!document) {
    document = (async () => {
      const [{ openPdf }, { body }] = await Promise.all([
        import("./pdf.ts"),
        archive.download({ id }),
      ]);
      return await openPdf(id, await new Response(body).bytes());
    })();
    open.set(id, document);
    document.catch(() => open.delete(id));
  }
  return document;
}

/** How many pages a file has. @throws where it is no PDF */
export async function countPages(file: Blob): Promise<number> {
  const { openPdf } = await import("./pdf.ts");
  return (await openPdf("", new Uint8Array(await file.arrayBuffer()))).ratios
    .length;
}

/** Pixels across a page, for pictures that are kept. */
const PAGE_WIDTH = 1000;
/** Around a passage, as a fraction of the page. */
const MARGIN = 0.04;

function blobOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => blob ? resolve(blob) : reject(new Error("no picture")),
      "image/webp",
      0.85,
    )
  );
}

function cut(
  page: HTMLCanvasElement,
  [x0, y0, x1, y1]: Box,
): HTMLCanvasElement {
  const part = document.createElement("canvas");
  part.width = Math.max(1, Math.round((x1 - x0) * page.width));
  part.height = Math.max(1, Math.round((y1 - y0) * page.height));
  part.getContext("2d")!.drawImage(page, -x0 * page.width, -y0 * page.height);
  return part;
}

/** A picture, with what `uploadImages` wants to know of it. */
async function picture(
  canvas: HTMLCanvasElement,
  image_type: "page" | "crop" | "viewport",
  { document_id, page_number, coords_norm }: Omit<View, "coords_norm"> & {
    coords_norm?: Box;
  },
) {
  return {
    id: crypto.randomUUID(),
    name: `${image_type}-${page_number}.webp`,
    content: await blobOf(canvas),
    image_type,
    document_id,
    page_number,
    width: canvas.width,
    height: canvas.height,
    ...(coords_norm ? { coords_norm } : {}),
  };
}

export type Picture = Awaited<ReturnType<typeof picture>>;

/** What the reader showed. */
export async function pictureOfView(view: View): Promise<Picture> {
  const page = await (await openDocument(view.document_id)).draw(
    view.page_number,
    PAGE_WIDTH,
  );
  return await picture(cut(page, view.coords_norm), "viewport", view);
}

/** The page of the best passage, and a crop of each. */
export async function picturesOf(passages: Passage[]): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (
    const [index, { document_id, page_number, coords_norm }] of passages
      .entries()
  ) {
    const page = await (await openDocument(document_id)).draw(
      page_number,
      PAGE_WIDTH,
    );
    if (index === 0) {
      pictures.push(await picture(page, "page", { document_id, page_number }));
    }
    const [, y0, , y1] = coords_norm;
    const part: Box = [
      0.04,
      Math.max(0, y0 - MARGIN),
      0.96,
      Math.min(1, y1 + MARGIN),
    ];
    const facts = { document_id, page_number, coords_norm: part };
    pictures.push(await picture(cut(page, part), "crop", facts));
  }
  return pictures;
}
