/**
 * Turns the output of `pdftotext -bbox-layout` (points, from the upper left corner) into blocks.json.
 *
 * Usage: deno run --allow-read --allow-write make_blocks.ts layout.xml FIRST_PAGE DPI
 */
const [file, firstPage, dpi] = Deno.args;
const xml = await Deno.readTextFile(file!);
const scale = Number(dpi) / 72;

const attributes = (tag: string) =>
  Object.fromEntries([...tag.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
const unescape = (text: string) =>
  text.replace(
    /&(lt|gt|quot|apos|amp|#(\d+));/g,
    (_, name, number) =>
      number
        ? String.fromCodePoint(Number(number))
        : { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" }[name as "lt"]!,
  );

const blocks = [...xml.matchAll(/<page ([^>]*)>(.*?)<\/page>/gs)].flatMap(
  ([, page, body], index) => {
    const { width, height } = attributes(page!);
    const page_number = Number(firstPage) + index;
    return [...body!.matchAll(/<block ([^>]*)>(.*?)<\/block>/gs)].map(
      ([, block, words], number) => {
        const { xMin, yMin, xMax, yMax } = attributes(block!);
        const box = [xMin, yMin, xMax, yMax].map(Number);
        return {
          block_id: `p${page_number}-b${number + 1}`,
          page_number,
          block_text: [...words!.matchAll(/<word [^>]*>([^<]*)</g)].map(([, w]) => unescape(w!))
            .join(" "),
          coords_norm: box.map((value, i) =>
            Number((value / Number(i % 2 ? height : width)).toFixed(5))
          ),
          coords_px: box.map((value) => Math.round(value * scale)),
        };
      },
    );
  },
);
await Deno.writeTextFile("blocks.json", JSON.stringify(blocks, null, 2) + "\n");
