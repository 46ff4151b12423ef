import { z } from "zod";
import { type ErrorCode, STATUS_OF } from "../error_codes.ts";

/** Who may call a function: a signed-in user, the holder of the secret key, anybody. */
export type Access = "user" | "secret" | "none";

/** Files: their media types, and the schema of those that are JSON. */
export type Files = Readonly<Record<string, z.ZodType | null>>;

/** What a caller of a function has to know. */
export interface Contract {
  /** Also the name of its folder and the end of its address. */
  readonly name: string;
  readonly method: "GET" | "POST";
  readonly access: Access;
  /** One sentence. */
  readonly summary: string;
  /** Of the JSON body; of the query where the method is GET. */
  readonly request: z.ZodType;
  /** The body, where it is a file; `request` does not describe it then. */
  readonly accepts?: Files;
  /** What success looks like, by status: JSON of a schema, or a file. */
  readonly answers: Readonly<Record<number, z.ZodType | Files>>;
  /** Headers that success may carry, and what they say. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether a user may call it only so often: RATE_LIMIT_PER_MINUTE. */
  readonly isRateLimited?: true;
  /** Codes that its answer may carry, besides those of {@link commonErrors}. */
  readonly errors: readonly ErrorCode[];
}

/** Codes that every function of the kind may answer with. */
export function commonErrors({ method, access, isRateLimited }: Contract): ErrorCode[] {
  return [
    "invalid_request",
    ...(access === "none" ? [] : ["unauthorized", "database_disabled"] as const),
    ...(access === "user" ? ["forbidden"] as const : []),
    "method_not_allowed",
    ...(method === "POST" ? ["payload_too_large", "unsupported_media_type"] as const : []),
    ...(isRateLimited ? ["rate_limited"] as const : []),
    ...(access === "none" ? [] : ["database_unavailable"] as const),
    "internal",
  ];
}

/** What is wrong with one field of a request. */
export const Issue = z.object({
  /** Where: names and indexes, from the outside in. */
  path: z.array(z.union([z.string(), z.int()])),
  message: z.string(),
});

/** Which quota would be exceeded, and by what. */
export const ExceededQuota = z.object({
  /** Column of quotas. */
  quota: z.string(),
  /** What the caller may hold. */
  limit: z.int(),
  /** What the caller holds. */
  used: z.int(),
  /** What the request would add. */
  asked: z.int(),
});

/** Body of every answer that is an error. */
export const ErrorAnswer = z.object({
  code: z.enum(Object.keys(STATUS_OF) as ErrorCode[]),
  message: z.string(),
  /** What is wrong with which field, where the request is to blame; or the quota that is used up. */
  details: z.union([z.array(Issue), ExceededQuota]).optional(),
  /** As in the header x-request-id, and in the logs. */
  request_id: z.string(),
});
