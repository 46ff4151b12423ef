/**
 * One request of each function that succeeds.
 *
 * @module
 */
import type { StackStatus } from "../../stack/status_file.ts";
import { factsOf, png } from "./files.ts";
import { stack } from "./stack.ts";
import { type Answer, request, signUp } from "./users.ts";

/** Calls each function once, in an order in which each finds what it needs. Yields its name and answer. */
export async function* callEachFunction(
  status: StackStatus = stack,
): AsyncGenerator<[name: string, answer: Answer]> {
  const user = await signUp(status);
  const authorization = `Bearer ${user.token}`;
  const chat_id = await user.createChat();
  const bytes = png(2, 2);
  const file = factsOf({ name: "a.png", content_type: "image/png", bytes });

  const reserved = await user.call("presign-upload", { chat_id, files: [file] });
  yield ["presign-upload", reserved];
  const [{ id, url, headers }] = reserved.body.uploads;
  await (await fetch(url, { method: "PUT", headers, body: bytes })).body?.cancel();
  yield ["confirm-upload", await user.call("confirm-upload", { ids: [id] })];
  yield ["presign-download", await user.call("presign-download", { ids: [id] })];
  yield [
    "export-chat",
    await request(`export-chat?chat_id=${chat_id}`, { headers: { authorization } }, status),
  ];
  const exported = await request(`export-chat?chat_id=${chat_id}&format=json`, {
    headers: { authorization },
  }, status);
  yield [
    "import-chat",
    await request("import-chat", {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify(exported.body),
    }, status),
  ];
  yield ["delete-chat", await user.call("delete-chat", { chat_id })];
  yield [
    "storage-cleanup",
    await request("storage-cleanup", {
      method: "POST",
      headers: { apikey: status.SECRET_KEY, "content-type": "application/json" },
      body: "{}",
    }, status),
  ];
  yield ["health", await request("health", {}, status)];
  yield ["delete-account", await user.call("delete-account", { confirm: user.email })];
}
