/** The demo's conversation about examples/document: what the user asks, and what an assistant that has read it answers. */

/** One turn: the message, the images and the blocks that it leans on. */
export interface Turn {
  role: "user" | "assistant";
  content: string;
  images: { file: string; image_type: string; description: string }[];
  blocks: { block_id: string; score: number }[];
}

/** The conversation, in order. */
export const CONVERSATION: Turn[] = [
  {
    role: "user",
    content: "How much memory does bzip2 need to decompress a file that was made with `-9`?",
    images: [{ file: "page-8.png", image_type: "viewport", description: "Page 8, as it was open" }],
    blocks: [],
  },
  {
    role: "assistant",
    content: `About **3,700 kB**. The manual gives the rule and the table:

- decompression needs \`100k + (4 × block size)\`, and \`-9\` means blocks of 900 kB;
- the table's last row says 3700k, or 2350k with the slower \`-s\`.

\`\`\`sh
bunzip2 -s archive.bz2   # about 2350 kB, at roughly half the speed
\`\`\``,
    images: [
      {
        file: "crop-9-table.png",
        image_type: "crop",
        description: "Table of memory usage by block size, page 9",
      },
    ],
    blocks: [
      { block_id: "p8-b11", score: 0.94 },
      { block_id: "p8-b13", score: 0.91 },
      { block_id: "p9-b6", score: 0.83 },
    ],
  },
  {
    role: "user",
    content: "И что делать, если архив повреждён? 🙂",
    images: [],
    blocks: [],
  },
  {
    role: "assistant",
    content:
      `Попробуйте \`bzip2recover\`: блоки сжаты независимо друг от друга, поэтому целые можно спасти.

1. \`bzip2recover damaged.bz2\` записывает каждый блок в отдельный файл;
2. \`bzip2 -t rec*.bz2\` показывает, какие из них целы;
3. \`bzip2 -dc rec*.bz2 > recovered\` собирает остальное.`,
    images: [{ file: "page-9.png", image_type: "page", description: "Page 9, section 2.6" }],
    blocks: [
      { block_id: "p9-b10", score: 0.9 },
      { block_id: "p9-b13", score: 0.88 },
    ],
  },
];
