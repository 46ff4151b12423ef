/**
 * Signed-in users, and what they do over HTTP.
 *
 * @module
 */
import type { ErrorBody } from "@shared/errors.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import type { StackStatus } from "../../stack/status_file.ts";
import { assert, assertEquals } from "@std/assert";
import { apiClient } from "./api_client.ts";
import { undocumented } from "./openapi.ts";
import { stack } from "./stack.ts";

/** An answer of a function, read. */
export interface Answer {
  status: number;
  headers: Headers;
  // deno-lint-ignore no-explicit-any -- tests look into answers of every shape
  body: any;
}

/** A user of the stack. */
export interface User {
  id: string;
  email: string;
  password: string;
  token: string;
  client: ArchiveClient;
  /** POSTs JSON to a function. */
  call(name: string, body: unknown): Promise<Answer>;
  /** Creates a chat and returns its id. */
  createChat(title?: string): Promise<string>;
}

/** Sends a request to a function, and holds the answer to docs/openapi.json. */
export async function request(
  name: string,
  init: RequestInit = {},
  status: StackStatus = stack,
): Promise<Answer> {
  const response = await fetch(`${status.FUNCTIONS_URL}/${name}`, init);
  const text = await response.text();
  const json = response.headers.get("content-type")?.includes("json");
  const answer = {
    status: response.status,
    headers: response.headers,
    body: json && text ? JSON.parse(text) : text,
  };
  // What the gateway or a preflight answers is not the function's.
  if (response.headers.has("x-request-id") && init.method !== "OPTIONS") {
    assertEquals(undocumented(name.split("?")[0]!, answer), undefined);
  }
  return answer;
}

/** POSTs JSON with a bearer token. */
export function post(
  name: string,
  body: unknown,
  token: string,
  status: StackStatus = stack,
): Promise<Answer> {
  return request(name, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  }, status);
}

/** Signs up a new user. */
export async function signUp(status: StackStatus = stack): Promise<User> {
  const client = apiClient({ url: status.API_URL, key: status.PUBLISHABLE_KEY });
  const email = `user-${crypto.randomUUID()}@example.com`;
  const password = crypto.randomUUID();
  const { data, error } = await client.auth.signUp({ email, password });
  assert(!error && data.user && data.session, error?.message);
  const token = data.session.access_token;
  return {
    id: data.user.id,
    email,
    password,
    token,
    client,
    call: (name, body) => post(name, body, token, status),
    async createChat(title = "A chat") {
      const { data, error } = await client.from("chats").insert({ title }).select("id").single();
      assert(data, error?.message);
      return data.id;
    },
  };
}

/** Checks that an answer is an error of the documented shape. @returns its body */
export function assertError(answer: Answer, status: number, code: ErrorBody["code"]): ErrorBody {
  assertEquals({ status: answer.status, code: answer.body.code }, { status, code });
  assertEquals(typeof answer.body.message, "string");
  assertEquals(answer.body.request_id, answer.headers.get("x-request-id"));
  assertEquals(answer.headers.get("access-control-allow-origin"), "*");
  return answer.body;
}

/** Checks that an error names a field. */
export function assertField(error: ErrorBody, path: string): void {
  assert(Array.isArray(error.details), `expected issues, not ${JSON.stringify(error.details)}`);
  const paths = error.details.map((issue) => issue.path.join("."));
  assert(paths.includes(path), `expected ${path} among ${JSON.stringify(error.details)}`);
}
