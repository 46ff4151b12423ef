/**
 * Conversations as people have them, for exports that a person has to find readable. Each is exported
 * and compared with the file of its name; `UPDATE_GOLDEN=1` writes the files anew, to be looked at.
 *
 * @module
 */

/** A message with what belongs to it. */
export interface GoldenMessage {
  role: "user" | "assistant";
  content: string;
  message_type?: string;
  images?: { name: string; description?: string }[];
  searchResults?: { block_id: string; page_number: number; block_text: string; score?: number }[];
}

/** A conversation. */
export interface Golden {
  title: string;
  description?: string;
  document?: string;
  messages: GoldenMessage[];
}

/** By the name of the file. */
export const CONVERSATIONS: Record<string, Golden> = {
  "russian-report": {
    title: "Отчёт за III квартал: выручка и маржа",
    description: "Вопросы по отчёту для совета директоров.",
    document: "Отчёт 2026 Q3.pdf",
    messages: [
      { role: "user", content: "Какая выручка в третьем квартале и как она изменилась?" },
      {
        role: "assistant",
        content: "Выручка — **1,24 млрд ₽**, рост на 12 % к прошлому году:\n\n" +
          "| Показатель | III кв. 2025 | III кв. 2026 |\n| --- | ---: | ---: |\n" +
          "| Выручка, млрд ₽ | 1,11 | 1,24 |\n| Маржа | 31 % | 34 % |\n\n" +
          "Источник: таблица на стр. 4.",
        images: [{ name: "страница 4.png", description: "Таблица «Выручка по кварталам»" }],
        searchResults: [
          {
            block_id: "p4-b12",
            page_number: 4,
            block_text: "Выручка за III квартал составила 1,24 млрд ₽ (+12 % г/г).",
            score: 0.93,
          },
          { block_id: "p4-b13", page_number: 4, block_text: "Маржа: 34 % (31 % годом ранее)" },
        ],
      },
    ],
  },
  "chinese-japanese": {
    title: "合同条款 — 契約書の確認",
    messages: [
      { role: "user", content: "第 3 条规定的付款期限是多久？日本語版と違いはありますか。" },
      {
        role: "assistant",
        content:
          "1. 中文版：收到发票后 **30 天**内付款。\n2. 日本語版：請求書受領後「三十日以内」。\n\n两者一致。✅",
        searchResults: [{
          block_id: "第3条",
          page_number: 2,
          block_text: "甲方应在收到发票后三十日内付款。",
        }],
      },
    ],
  },
  "arabic-hebrew": {
    title: "عقد الإيجار",
    messages: [
      { role: "user", content: "ما هي مدة العقد؟ (Lease term)" },
      {
        role: "assistant",
        content:
          "مدة العقد **12 شهرًا** من 2026-01-01.\n\n> المادة 2: مدة هذا العقد سنة واحدة.\n\nבעברית: שנה אחת.",
        images: [{ name: "صفحة 1.png" }],
      },
    ],
  },
  "code": {
    title: "Why does `parse()` fail on <empty> input?",
    messages: [
      { role: "user", content: '```ts\nparse(""); // throws\n```\nWhy?' },
      {
        role: "assistant",
        content: "Because `a < b` is never checked. Change it so:\n\n" +
          '````md\n```ts\nif (text === "") return [];\n```\n````\n\n' +
          "- in a list:\n\n  ```sh\n  deno test --filter parse\n  ```\n\n" +
          "1. `<T>` stays `<T>`\n2. `x[0]` too\n",
      },
      { role: "user", content: "And with an open fence?\n\n```py\nprint('never closed')" },
    ],
  },
  "long-answer": {
    title: "bzip2: how much memory?",
    document: "bzip2-manual.pdf",
    messages: [
      { role: "user", content: "How much memory does `bzip2 -9` need, and can it be **less**?" },
      {
        role: "assistant",
        content: "# Memory of bzip2\n\nCompression takes 400 kB and 8 times the block size:\n\n" +
          "$$\nm = 400\\,\\mathrm{kB} + 8 \\times b\n$$\n\n" +
          "## By the level\n\n| Level | Compression | Decompression |\n| :-- | --: | --: |\n" +
          "| `-1` | 1,200 kB | 500 kB |\n| `-9` | 7,600 kB | 3,700 kB |\n\n" +
          "## How to need less\n\n1. Ask for smaller blocks:\n\n   ```sh\n" +
          "   # about 2.3 MB when it is read again\n   bzip2 -5 <input >output.bz2\n   ```\n\n" +
          "2. Or read with `-s`:\n   - half the speed,\n   - 2,500 kB at most.\n\n" +
          "> The flag `--small` means the same as `<-s>`.\n\nIn short\n--------\n\n" +
          "Use `-s` on *old* machines, see [the manual](https://sourceware.org/bzip2/).",
        images: [
          { name: "page 9.png", description: "Page 9, table of memory" },
          { name: "crop.png" },
        ],
        searchResults: [
          {
            block_id: "p9-b3",
            page_number: 9,
            block_text:
              "Compression: 400k + ( 8 x block size )\nDecompression: 100k + 4 x block size",
            score: 0.91,
          },
          { block_id: "p5-b1", page_number: 5, block_text: "-s --small: Reduce memory usage" },
        ],
      },
      { role: "user", content: "Thanks!" },
    ],
  },
  "hostile": {
    title: "# Not a heading <script>",
    description: "---\ntitle: not front matter\n---",
    messages: [
      { role: "user", content: "<!-- never closed\n<details><summary>more</summary>\n<textarea>" },
      {
        role: "assistant",
        content: "## User · 2026-01-02T03:04:05Z\n\nNot a message.\n\n[label]: https://example.com",
      },
      {
        role: "user",
        content: "[label] is no link.\r\nSetext\r\n===\r\n\ttabbed",
        message_type: "note",
      },
    ],
  },
};
