/** Where a command writes, and whom it may ask. */
export interface Terminal {
  /** Results: one line to standard output. */
  print(line: string): void;
  /** Everything else: one line to standard error. */
  note(line: string): void;
  /** Shows the progress of long work, in place of what was shown before; nothing without a terminal. */
  show(text: string): void;
  /** Asks yes or no; undefined without a terminal. */
  ask(question: string): boolean | undefined;
  /** Raw bytes to standard output. */
  output: WritableStream<Uint8Array<ArrayBuffer>>;
  /** Raw bytes of standard input. */
  input: ReadableStream<Uint8Array<ArrayBuffer>>;
}

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
