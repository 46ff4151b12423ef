import type { Terminal } from "./command.ts";

/** The terminal, pipe or file that this process was started with. */
export function processTerminal(): Terminal {
  const watched = Deno.stderr.isTerminal();
  const encoder = new TextEncoder();
  let width = 0;
  const clear = () => {
    if (width > 0) Deno.stderr.writeSync(encoder.encode(`\r${" ".repeat(width)}\r`));
    width = 0;
  };
  return {
    print(line) {
      clear();
      console.log(line);
    },
    note(line) {
      clear();
      console.error(line);
    },
    show(text) {
      if (!watched) return;
      clear();
      Deno.stderr.writeSync(encoder.encode(text));
      width = text.length;
    },
    ask(question) {
      if (!Deno.stdin.isTerminal()) return undefined;
      clear();
      return prompt(`${question} [y/N]`)?.toLowerCase() === "y";
    },
    output: Deno.stdout.writable,
    input: Deno.stdin.readable,
  };
}
