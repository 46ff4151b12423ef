import { fieldError } from "../errors.ts";
import { type ContentType, EXTENSION_OF, type Kind } from "../object-keys.ts";

/** How files begin, as bytes written in Latin-1. A WebP file is a RIFF file with that name in it. */
const BEGINNINGS: [RegExp, ContentType][] = [
  [/^\x89PNG\r\n/, "image/png"],
  [/^\xff\xd8\xff/, "image/jpeg"],
  [/^RIFF[^]{4}WEBP/, "image/webp"],
  [/^GIF8[79]a/, "image/gif"],
  [/^[^]{0,1019}%PDF-/, "application/pdf"],
];
const HEAD_BYTES = 1024;

/** What names end with. */
const EXTENSIONS: [string, string][] = [
  ...Object.entries(EXTENSION_OF).map(([type, end]): [string, string] => [end, type]),
  ["jpeg", "image/jpeg"],
];

/** A type that says nothing: browsers and servers give it to files that they do not know. */
const UNKNOWN = "application/octet-stream";

/**
 * The media type of a file: what the caller says, else what its first bytes say, else its name.
 *
 * @param said  by the caller, or by the Blob
 * @param path  of the file in the input, for the error
 * @throws {ChatArchiveError} `unsupported_media_type` where nothing tells
 */
export async function contentTypeOf(
  { said, name, body, kind, path }: {
    said: string | undefined;
    name: string;
    body: Blob;
    kind: Kind;
    path: (string | number)[];
  },
): Promise<string> {
  if (said && said !== UNKNOWN) return said;
  const head = String.fromCharCode(
    ...new Uint8Array(await body.slice(0, HEAD_BYTES).arrayBuffer()),
  );
  const end = name.toLowerCase().split(".").at(-1);
  const type = BEGINNINGS.find(([beginning]) => beginning.test(head))?.[1] ??
    EXTENSIONS.find(([extension]) => extension === end)?.[1];
  if (type) return type;
  const allowed = Object.keys(EXTENSION_OF).filter((one) =>
    one.startsWith("image/") === (kind === "image")
  );
  throw fieldError(
    "unsupported_media_type",
    [...path, "content_type"],
    `neither the name nor the bytes tell: give one of ${allowed.join(", ")}`,
  );
}
