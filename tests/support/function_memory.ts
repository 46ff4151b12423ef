/**
 * How much memory the functions take, as the platform counts it.
 *
 * Its edge-runtime ends a worker once V8's used heap and its external memory (the bytes of ArrayBuffers) come
 * to 256 MiB. It looks before each garbage collection and whenever the event loop turns (`MemCheck` in
 * crates/base/src/runtime/mod.rs), so that garbage counts for as long as V8 lets it lie; V8 gets the same
 * 256 MiB as its limit. What the process has resident is another thing, and is not asked: it holds code, and
 * pages that V8 keeps for later.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { FunctionsRuntime } from "../../stack/functions.ts";
import type { ConfiguredStack } from "./configured_stack.ts";
import { eventually } from "./eventually.ts";

const MIB = 1024 * 1024;

/** What V8 gets: the platform's limit, and a line of each collection. */
const FLAGS = "--v8-flags=--max-heap-size=256,--trace-gc,--expose-gc";

/** A collection, with the used heap before it in MiB. */
const COLLECTION = / ms: [^\n]*? ([\d.]+) \([\d.]+\) -> [\d.]+ \(/g;
const LOOK = /\{"memory":(\{.*?\})\}/g;

/** Whether it can be told here: V8 gives its lines 4,096 bytes at a time, unless it is told otherwise. */
export const CAN_MEASURE = Deno.build.os === "linux";

/**
 * What runs the functions so that {@link peakIn} can tell what they take.
 *
 * @param folder  for a file
 * @param runtime by default what runs the tests
 */
export async function measuredRuntime(
  folder: string,
  { program, options }: FunctionsRuntime = { program: Deno.execPath(), options: [] },
): Promise<FunctionsRuntime> {
  const byLine = `${folder}/deno`;
  await Deno.writeTextFile(byLine, `#!/bin/sh\nexec stdbuf -oL '${program}' "$@"\n`, {
    mode: 0o700,
  });
  const host = fileURLToPath(new URL("measured_host.ts", import.meta.url));
  return { program: byLine, options: [FLAGS, ...options], host };
}

/**
 * Has all garbage collected, and all that happened before told.
 *
 * @returns bytes that are still in use
 */
export async function collected(
  { status, output }: Pick<ConfiguredStack, "status" | "output">,
): Promise<number> {
  const looks = () => [...output().matchAll(LOOK)].length;
  const before = looks();
  const left = await (await fetch(`${status.FUNCTIONS_URL}/collect`)).json();
  await eventually("a look at memory", () => looks() >= before + 3);
  return left;
}

/**
 * What was taken at most, in bytes: at a look, or before a collection, with the most that was outside of the
 * heap between the looks around it.
 *
 * @param output of the functions, of the time that is asked about
 */
export function peakIn(output: string): number {
  const most = (sizes: number[]) => Math.max(0, ...sizes);
  let end = 0;
  return most([...output.matchAll(LOOK)].map(({ 0: line, 1: look, index }) => {
    const { total, external } = JSON.parse(look!);
    const collections = output.slice(end, index).matchAll(COLLECTION);
    end = index + line.length;
    return Math.max(
      total,
      external + most([...collections].map(([, before]) => Number(before) * MIB)),
    );
  }));
}
