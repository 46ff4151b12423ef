/**
 * Patch of @supabase/lite 0.10.0: it signs and accepts HS256 tokens only, and publishes no key. The
 * platform signs with ES256 and publishes a JWKS, which is what the functions verify with. So tokens
 * are signed again on their way out, and once more on their way in.
 *
 * Not reported: the package names no repository and no issue tracker.
 *
 * @module
 */
import { errors, exportJWK, generateKeyPair, importJWK, type JWK, jwtVerify, SignJWT } from "jose";

/** What the data folder keeps of the token service. */
export interface TokenSecrets {
  /** Private key of the outside tokens. */
  signing_key: JWK;
  /** Shared secret of the inside tokens. */
  jwt_secret: string;
}

/** Makes the secrets of a new stack. */
export async function generateTokenSecrets(): Promise<TokenSecrets> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return {
    signing_key: {
      ...await exportJWK(privateKey),
      alg: "ES256",
      use: "sig",
      kid: crypto.randomUUID(),
    },
    jwt_secret: crypto.randomUUID() + crypto.randomUUID(),
  };
}

/** Both directions of the translation, and the keys that verify outside tokens. */
export interface TokenTranslator {
  /** Body of /auth/v1/.well-known/jwks.json. */
  jwks: { keys: JWK[] };
  /** A request as lite takes it, or the answer that refuses its token. */
  inward(request: Request): Promise<Request | Response>;
  /** An answer of lite, the tokens of its session signed for the outside. */
  outward(response: Response): Promise<Response>;
}

/** PostgREST's answer to a token that is forged, malformed or expired. */
function unauthorized(error: unknown): Response {
  const message = error instanceof errors.JWTExpired ? "JWT expired" : "No suitable key was found";
  const body = { code: "PGRST301", message, details: null, hint: null };
  return Response.json(body, { status: 401, headers: { "www-authenticate": "Bearer" } });
}

/** @param issuer the `iss` claim, `<API_URL>/auth/v1` */
export async function createTokenTranslator(
  { signing_key, jwt_secret }: TokenSecrets,
  issuer: string,
): Promise<TokenTranslator> {
  const privateKey = await importJWK(signing_key, "ES256");
  const { d: _private, ...publicJwk } = signing_key;
  const publicKey = await importJWK(publicJwk, "ES256");
  const secret = new TextEncoder().encode(jwt_secret);

  async function forOutside(token: string): Promise<string> {
    const { payload } = await jwtVerify(token, secret, { algorithms: ["HS256"] });
    return await new SignJWT({ ...payload, iss: issuer })
      .setProtectedHeader({ alg: "ES256", kid: signing_key.kid!, typ: "JWT" })
      .sign(privateKey);
  }

  async function forInside(token: string): Promise<string> {
    const { payload } = await jwtVerify(token, publicKey, { algorithms: ["ES256"], issuer });
    return await new SignJWT(payload)
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .sign(secret);
  }

  return {
    jwks: { keys: [publicJwk] },
    async inward(request) {
      const bearer = request.headers.get("authorization")?.replace(/^Bearer /i, "");
      if (!bearer) return request;
      const headers = new Headers(request.headers);
      if (bearer.startsWith("sb_")) {
        // supabase-js sends an API key twice; the platform's gateway reads `apikey`.
        headers.delete("authorization");
      } else {
        try {
          headers.set("authorization", `Bearer ${await forInside(bearer)}`);
        } catch (error) {
          return unauthorized(error);
        }
      }
      return new Request(request, { headers });
    },
    async outward(response) {
      if (!response.headers.get("content-type")?.includes("json")) return response;
      const body = await response.json();
      for (const session of [body, body?.session]) {
        if (typeof session?.access_token === "string") {
          session.access_token = await forOutside(session.access_token);
        }
      }
      const headers = new Headers(response.headers);
      headers.delete("content-length");
      return Response.json(body, { status: response.status, headers });
    },
  };
}
