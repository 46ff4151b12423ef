/**
 * A sentence about commands, as its reader can type them: whoever runs Deno by npx has no `deno`.
 *
 * @param text in which commands are written `deno task NAME`
 * @param env  tells whether npx launched this process
 */
export function asTyped(
  text: string,
  env: Record<string, string | undefined> = { npm_command: Deno.env.get("npm_command") },
): string {
  return env["npm_command"] === "exec"
    ? text.replaceAll("deno task ", "npx -y deno@2 task ")
    : text;
}
