/**
 * Access tokens that must not open anything.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { decodeJwt, generateKeyPair, importJWK, SignJWT } from "jose";

/** What happens to a good token. */
export type Fault = "forged" | "expired" | "unsigned" | "of another role" | "garbage";

/** The stack's own key: a token that is wrong in one thing only must be right in all others. */
async function stackKey() {
  const folder = dirname(Deno.env.get("STACK_STATUS_FILE")!);
  const { signing_key } = JSON.parse(
    await Deno.readTextFile(join(folder, "stack/secrets.json")),
  );
  return await importJWK(signing_key, "ES256");
}

/** Makes a bad token that looks like a good one. */
export async function spoil(good: string, fault: Fault): Promise<string> {
  const [header, payload] = good.split(".");
  const { kid, alg } = JSON.parse(atob(header!));
  const claims = decodeJwt(good);
  const now = Math.floor(Date.now() / 1000);
  const sign = (key: Parameters<SignJWT["sign"]>[0], changes: object) =>
    new SignJWT({ ...claims, ...changes }).setProtectedHeader({ alg, kid }).sign(key);
  switch (fault) {
    case "forged":
      return await sign((await generateKeyPair("ES256")).privateKey, {});
    case "of another role":
      return await sign(await stackKey(), { role: "service_role" });
    case "expired":
      return await sign(await stackKey(), { iat: now - 7200, exp: now - 3600 });
    case "unsigned": {
      const none = btoa(JSON.stringify({ alg: "none", kid, typ: "JWT" })).replaceAll("=", "");
      return `${none}.${payload}.`;
    }
    case "garbage":
      return "not.a.token";
  }
}

/** A good token like another one, with some claims changed. */
export async function reissue(good: string, changes: Record<string, unknown>): Promise<string> {
  const { kid, alg } = JSON.parse(atob(good.split(".")[0]!));
  return await new SignJWT({ ...decodeJwt(good), ...changes })
    .setProtectedHeader({ alg, kid }).sign(await stackKey());
}
