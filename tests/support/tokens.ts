/**
 * Access tokens that must not open anything.
 *
 * @module
 */
import { decodeJwt, generateKeyPair, SignJWT } from "jose";

/** What happens to a good token. */
export type Fault = "forged" | "expired" | "unsigned" | "other role" | "garbage";

/** Makes a bad token that looks like a good one. */
export async function spoil(good: string, fault: Fault): Promise<string> {
  const [header, payload] = good.split(".");
  const { kid, alg } = JSON.parse(atob(header!));
  const claims = decodeJwt(good);
  const now = Math.floor(Date.now() / 1000);
  const forge = async (changes: object) => {
    const { privateKey } = await generateKeyPair("ES256");
    return await new SignJWT({ ...claims, ...changes }).setProtectedHeader({ alg, kid })
      .sign(privateKey);
  };
  switch (fault) {
    case "forged":
      return await forge({});
    case "other role":
      return await forge({ role: "service_role" });
    case "expired":
      return await forge({ iat: now - 7200, exp: now - 3600 });
    case "unsigned": {
      const none = btoa(JSON.stringify({ alg: "none", kid, typ: "JWT" })).replaceAll("=", "");
      return `${none}.${payload}.`;
    }
    case "garbage":
      return "not.a.token";
  }
}
