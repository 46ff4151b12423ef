import { ChatArchiveError, type ErrorCode } from "../../errors.ts";

/** The code of an error of ours. */
export const codeOf = (error: unknown): ErrorCode | undefined =>
  error instanceof ChatArchiveError ? error.code : undefined;
