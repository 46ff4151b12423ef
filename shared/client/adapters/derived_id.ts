import { sha256Of } from "../sha256.ts";

/** The uuid (version 8, RFC 9562) that some names always have together. */
export async function derivedId(...names: string[]): Promise<string> {
  const hex = await sha256Of(new Blob([JSON.stringify(names)]));
  const variant = "89ab"[parseInt(hex[16]!, 16) & 3];
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
