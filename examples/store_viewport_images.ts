/** Keep what the user looks at: the visible part of the page, and a crop of it. */
import { createChatArchive } from "chat-archive";
import { sample, signedIn } from "./signed_in.ts";

const archive = createChatArchive(await signedIn());
const { id: chat_id } = await archive.createChat({ title: "Viewports" });

const images = await archive.uploadImages({
  chat_id,
  images: [
    {
      name: "page-8.png",
      content: await sample("page-8.png"),
      image_type: "viewport",
      description: "Page 8, as it was open",
    },
    {
      name: "crop-9-table.png",
      content: await sample("crop-9-table.png"),
      image_type: "crop",
      description: "Table of memory usage by block size",
    },
  ],
  onProgress: ({ name, loaded, total }) => console.log(`${name}: ${loaded} of ${total} bytes`),
});
for (const { image_type, width, height } of images) {
  console.log(`${image_type} ${width}×${height}`);
}
