/** Commands whose module is not in this folder. */
const ELSEWHERE: Record<string, string> = { test: "../tests/run.ts", bench: "../bench/run.ts" };

/** The module of a command. @param name of its task in deno.json */
export function moduleOf(name: string): string {
  return new URL(ELSEWHERE[name] ?? `./${name}.ts`, import.meta.url).href;
}
