/** The functions' process ends in the middle of a request. */
import { assertEquals } from "@std/assert";
import { startFunctions } from "../../stack/functions.ts";

/** Breaks its first connection off, and ends a moment later, as a killed process is seen to do. */
const HOST = `
const first = Deno.env.get("FIRST");
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(JSON.stringify({ listening: listener.addr.port }));
console.log(JSON.stringify({ ready: true }));
const connection = await listener.accept();
await connection.read(new Uint8Array(1024));
if (Deno.readTextFileSync(first) === "no") {
  await connection.write(new TextEncoder().encode("HTTP/1.1 204 No Content\\r\\n\\r\\n"));
}
Deno.writeTextFileSync(first, "no");
connection.close();
listener.close();
await new Promise((resolve) => setTimeout(resolve, 200));
`;

Deno.test("whoever asks again after a 502 comes to the next process", async () => {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-functions-" });
  const host = `${folder}/host.ts`;
  const first = `${folder}/first`;
  await Deno.writeTextFile(host, HOST);
  await Deno.writeTextFile(first, "yes");
  const functions = await startFunctions({ FIRST: first }, () => {}, {
    program: Deno.execPath(),
    options: ["--no-config", `--allow-write=${folder}`],
    host,
  });
  try {
    const ask = async () =>
      (await functions.fetch(new Request("http://stack/functions/v1/any"))).status;
    assertEquals([await ask(), await ask()], [502, 204]);
  } finally {
    await functions.stop();
    await Deno.remove(folder, { recursive: true });
  }
});
