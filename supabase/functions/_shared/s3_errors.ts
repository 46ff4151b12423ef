/**
 * What a bucket's errors mean.
 *
 * @module
 */
import { ChatArchiveError } from "@shared/errors.ts";

interface S3Error extends Error {
  $metadata?: { httpStatusCode?: number };
}

/** Is it that there is no such object? */
export function isMissing(error: unknown): boolean {
  const { name, $metadata } = error as S3Error;
  // A bucket that is missing is a failure; an object that is missing is an answer.
  return name !== "NoSuchBucket" && $metadata?.httpStatusCode === 404;
}

/** Is it that the object is gone, or another version of it is there? */
export function isGone(error: unknown): boolean {
  return isMissing(error) || (error as S3Error).$metadata?.httpStatusCode === 412;
}

/** Says a server that it has no such operation? */
export function isNotImplemented(error: unknown): boolean {
  const { name, $metadata } = error as S3Error;
  return name === "NotImplemented" || $metadata?.httpStatusCode === 501;
}

/** May the key not do that? */
export function isForbidden(error: unknown): boolean {
  return (error as S3Error).$metadata?.httpStatusCode === 403;
}

/** Any other failure, for callers. @param cause for the log */
export function unavailable(cause: unknown): ChatArchiveError {
  return new ChatArchiveError("storage_unavailable", "the object storage did not answer", {
    cause,
  });
}
