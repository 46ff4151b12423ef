import { idOf } from "../../given.ts";
import type { Kind } from "../../../object-keys.ts";
import { type Content, type NewFile, uploadOf } from "../../new_file.ts";
import type { ChatDocument, Image } from "../../rows.ts";
import type { UploadDocument } from "../../upload_document.ts";
import type { UploadImages } from "../../upload_images.ts";
import type { LocalRows } from "../local_rows.ts";
import { bytesOf, now } from "../new_local_rows.ts";
import { keepDocumentPath } from "../removals.ts";
import { rule, type Sending } from "../rule.ts";
import { waitingText } from "../waiting_file.ts";

/** A file with its facts; its bytes are text, or elsewhere. */
type Waiting<File extends NewFile> = Omit<File, "content"> & {
  id: string;
  name: string;
  content_type: string;
  size: number;
  content?: string;
};

/** Reads a file, and finds out of it what the server would. */
async function waiting<File extends NewFile>(
  file: File,
  kind: Kind,
  path: (string | number)[],
): Promise<File> {
  const content = await waitingText(file.content);
  const { body: _, kind: __, ...facts } = await uploadOf(file, kind, path);
  return { ...facts, content } as unknown as File;
}

/** A file without its bytes, which are put beside it. */
function bare<File extends NewFile>(file: File): File {
  const { content: _, ...facts } = file;
  return facts as unknown as File;
}

/** What the rows of both kinds have. */
async function placed(rows: LocalRows, chat_id: string, file: Waiting<NewFile>) {
  if (file.content !== undefined) rows.putFile({ id: file.id, chat_id }, file.content);
  return {
    id: file.id,
    chat_id,
    user_id: rows.user_id,
    seq: await rows.nextSeq(),
    // There is no object yet.
    s3_path: "",
    content_type: file.content_type,
    file_size: file.size,
    sha256: file.sha256 ?? null,
    uploaded_at: now(),
  };
}

/** A file with its bytes again, to be uploaded. */
async function whole<File extends NewFile>(
  file: File,
  sending: Pick<Sending<"uploadImages">, "file">,
): Promise<File> {
  if (file.content) return file;
  const { size: _, ...facts } = file as unknown as Waiting<File>;
  return { ...facts, content: await sending.file(facts.id) } as unknown as File;
}

export const uploadDocument = rule<"uploadDocument">({
  prepare: ({ chat_id, document }) => ({
    chat_id: idOf(chat_id),
    document: { ...document, id: idOf(document.id) },
  }),
  written: async ({ chat_id, document }) => ({
    chat_id,
    document: await waiting(document, "document", ["document"]),
  }),
  ids: ({ document }) => [document.id!],
  async apply(rows, { chat_id, document }) {
    const input = { chat_id, document: bare(document) };
    const known = await rows.get("chat_documents", document.id!);
    if (known) return { answer: known, chat_id, input: null };
    const file = document as unknown as Waiting<UploadDocument["document"]>;
    const answer: ChatDocument = {
      ...await placed(rows, chat_id, file),
      name: file.name,
      page_count: file.page_count ?? null,
      metadata: {},
    };
    await rows.put("chat_documents", answer);
    return { answer, chat_id, input };
  },
  async send(server, { input, signal, onProgress, ...sending }) {
    const document = await whole(input.document, sending);
    const options = { signal, onProgress: onProgress as UploadDocument["onProgress"] };
    return { answer: await server.verbs.uploadDocument({ ...input, document, ...options }) };
  },
  async keep(rows, { answer }) {
    await rows.removeFile(answer);
    await rows.take("chat_documents", [answer]);
    await keepDocumentPath(rows, answer.chat_id);
  },
  undo: (rows, { document }) => rows.remove("chat_documents", [document.id!]),
  async adopt(rows, chat_id) {
    return (await rows.of("chat_documents", chat_id)).map((row) => ({
      chat_id,
      document: {
        id: row.id,
        name: row.name,
        content_type: row.content_type,
        size: row.file_size,
        ...(row.page_count === null ? {} : { page_count: row.page_count }),
        content: undefined as unknown as Content,
      },
    }));
  },
});

export const uploadImages = rule<"uploadImages">({
  prepare: ({ chat_id, images }) => ({
    chat_id: idOf(chat_id),
    images: images.map((image) => ({ ...image, id: idOf(image.id) })),
  }),
  written: async ({ chat_id, images }) => ({
    chat_id,
    images: await Promise.all(
      images.map((image, index) => waiting(image, "image", ["images", index])),
    ),
  }),
  ids: ({ images }) => images.map(({ id }) => id!),
  async apply(rows, { chat_id, images }) {
    const answer: Image[] = [];
    const missing: Waiting<UploadImages["images"][number]>[] = [];
    for (const image of images as unknown as Waiting<UploadImages["images"][number]>[]) {
      const known = await rows.get("chat_images", image.id);
      const row = known ?? {
        ...await placed(rows, chat_id, image),
        message_id: image.message_id?.toLowerCase() ?? null,
        document_id: image.document_id?.toLowerCase() ?? null,
        page_number: image.page_number ?? null,
        coords_norm: image.coords_norm ?? null,
        image_name: image.name,
        s3_url: null,
        image_type: image.image_type ?? "viewport",
        description: image.description ?? null,
        width: image.width ?? null,
        height: image.height ?? null,
        bytes: bytesOf(image.description, image.coords_norm),
      };
      if (!known) {
        await rows.put("chat_images", row);
        missing.push(image);
      }
      answer.push(row);
    }
    const bareImages = missing.map((image) =>
      bare(image as unknown as UploadImages["images"][number])
    );
    return { answer, chat_id, input: missing.length > 0 ? { chat_id, images: bareImages } : null };
  },
  async send(server, { input, signal, onProgress, ...sending }) {
    const images = await Promise.all(input.images.map((image) => whole(image, sending)));
    const options = { signal, onProgress: onProgress as UploadImages["onProgress"] };
    return { answer: await server.verbs.uploadImages({ ...input, images, ...options }) };
  },
  async keep(rows, { answer }) {
    for (const image of answer) await rows.removeFile(image);
    await rows.take("chat_images", answer);
  },
  undo: (rows, { images }) => rows.remove("chat_images", images.map(({ id }) => id!)),
  async adopt(rows, chat_id) {
    // One by one: an image that is refused does not keep the others. To their messages they go later.
    return (await rows.of("chat_images", chat_id)).map((row) => ({
      chat_id,
      images: [{
        id: row.id,
        name: row.image_name,
        content_type: row.content_type,
        size: row.file_size,
        image_type: row.image_type,
        ...(row.document_id === null ? {} : { document_id: row.document_id }),
        ...(row.page_number === null ? {} : { page_number: row.page_number }),
        ...(row.coords_norm === null ? {} : { coords_norm: row.coords_norm }),
        ...(row.description === null ? {} : { description: row.description }),
        ...(row.width === null ? {} : { width: row.width }),
        ...(row.height === null ? {} : { height: row.height }),
        content: undefined as unknown as Content,
      }],
    }));
  },
});
