/**
 * Translates access tokens between the outside, where they are signed as on the platform (ES256,
 * verifiable with a published JWKS), and @supabase/lite, which knows HS256 only.
 *
 * @module
 */
import { exportJWK, generateKeyPair, importJWK, type JWK, jwtVerify, SignJWT } from "jose";

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
  /** Inside to outside; the token must be valid. */
  outward(token: string): Promise<string>;
  /** Outside to inside. @throws {JOSEError} where the token is forged, malformed or expired */
  inward(token: string): Promise<string>;
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
  return {
    jwks: { keys: [publicJwk] },
    async outward(token) {
      const { payload } = await jwtVerify(token, secret, { algorithms: ["HS256"] });
      return await new SignJWT({ ...payload, iss: issuer })
        .setProtectedHeader({ alg: "ES256", kid: signing_key.kid!, typ: "JWT" })
        .sign(privateKey);
    },
    async inward(token) {
      const { payload } = await jwtVerify(token, publicKey, { algorithms: ["ES256"], issuer });
      return await new SignJWT(payload)
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .sign(secret);
    },
  };
}
