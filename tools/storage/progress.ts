import type { Terminal } from "../terminal.ts";
import { describeSize } from "./sizes.ts";

/** Between two updates. */
const PAUSE_MS = 100;

/** Lets bytes pass, and shows how many of how many did. */
export function progress(
  terminal: Pick<Terminal, "show">,
  what: string,
  total: number,
): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let passed = 0;
  let shown = -Infinity;
  const show = () => {
    const percent = total === 0 ? 100 : Math.floor(passed / total * 100);
    terminal.show(`${what}: ${describeSize(passed)} of ${describeSize(total)}, ${percent} %`);
    shown = performance.now();
  };
  return new TransformStream({
    transform(chunk, controller) {
      passed += chunk.length;
      if (performance.now() - shown >= PAUSE_MS) show();
      controller.enqueue(chunk);
    },
    flush: show,
  });
}
