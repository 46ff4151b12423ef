/** Show where an answer comes from: boxes of a hit on images of its page, crops included. */
import { createChatArchive } from "chat-archive";
import { sample, signedIn } from "./signed_in.ts";

const archive = createChatArchive(await signedIn());
const { id: chat_id } = await archive.createChat({ title: "Boxes" });
const manual = await archive.uploadDocument({
  chat_id,
  document: { name: "bzip2-manual.pdf", content: await sample("bzip2-manual.pdf"), page_count: 38 },
});

// Each image says which document and page it shows; a crop, which part of the page too.
const page = { document_id: manual.id, page_number: 9 };
const images = await archive.uploadImages({
  chat_id,
  images: [
    { name: "page-9.png", content: await sample("page-9.png"), ...page },
    {
      name: "crop-9-table.png",
      content: await sample("crop-9-table.png"),
      image_type: "crop",
      coords_norm: [0.1, 0.1, 0.9, 0.5],
      ...page,
    },
    { name: "page-8.png", content: await sample("page-8.png"), ...page, page_number: 8 },
  ],
});
const [hit] = await archive.addSearchResults({
  chat_id,
  search_results: [{
    ...page,
    block_id: "p9-b6",
    block_text: "-9  7600k  3700k  2350k",
    coords_norm: [0.1, 0.2, 0.9, 0.25],
  }],
});

for (const image of images) {
  for (const [x0, y0, x1, y1] of archive.boxesOn(image, hit!)) {
    const [width, height] = [image.width!, image.height!];
    const corners = [x0 * width, y0 * height, x1 * width, y1 * height].map(Math.round);
    console.log(`${image.image_name}: pixels ${corners.join(", ")}`);
  }
}

// In a page: <figcaption>bzip2-manual.pdf, page 9</figcaption>.
const { documents } = await archive.getChat({ id: chat_id });
for (const { name, content_type, file_size } of documents) {
  console.log(`${name}: ${content_type}, ${file_size} bytes`);
}
