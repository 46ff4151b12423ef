import type { Terminal } from "./command.ts";
import { describeSize } from "./sizes.ts";

/** Milliseconds between two updates. */
const PAUSE = 100;

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
      if (performance.now() - shown >= PAUSE) show();
      controller.enqueue(chunk);
    },
    flush: show,
  });
}
