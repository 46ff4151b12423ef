import { type ChatArchiveOptions, createChatArchive } from "@shared/client/mod.ts";
import { apiClient } from "./api_client.ts";
import { Relay } from "./relay.ts";
import { stack } from "./stack.ts";
import { signUp, type User } from "./users.ts";

/** The shared stack behind a line that can be cut, and an archive that works without it. */
export async function behindLine(
  options: ChatArchiveOptions & { user?: User; fetch?: typeof fetch } = {},
) {
  const { fetch: send, user = await signUp(), ...rest } = options;
  const relay = new Relay(Number(new URL(stack.API_URL).port));
  const supabase = apiClient({
    url: `http://127.0.0.1:${relay.port}`,
    token: user.token,
    ...(send ? { fetch: send } : {}),
  });
  const offline = { offline: "local" as const, retryAfter: 100, useDatabase: true };
  const archive = createChatArchive(supabase, { ...offline, ...rest });
  return {
    user,
    relay,
    archive,
    /** What the server has, seen past the line. */
    server: createChatArchive(user.client),
    async [Symbol.asyncDispose]() {
      await archive.close();
      await relay[Symbol.asyncDispose]();
    },
  };
}
