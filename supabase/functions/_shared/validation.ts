/**
 * What a request says, checked against its contract.
 *
 * @module
 */
import type { z } from "zod";
import { ChatArchiveError, type Issue } from "@shared/errors.ts";
import { CHATS_PER_REQUEST, DOWNLOADS_PER_REQUEST, FILES_PER_REQUEST } from "@shared/limits.ts";

/** Issues that say that an alternative was not meant at all: unknown or wrong fields at the top. */
const misfits = (issues: z.core.$ZodIssue[]) =>
  issues.filter(({ code, path }) => code === "unrecognized_keys" || path.length === 1).length;

/** Issues that an answer names: a request may have a hundred thousand. */
const MAX_ISSUES = 100;

/** One more than the longest list of a request may have. */
const MOST_ITEMS = Math.max(CHATS_PER_REQUEST, DOWNLOADS_PER_REQUEST, FILES_PER_REQUEST) + 1;

/** Cuts lists that are too long: each of their items may be an issue, and take more memory than there is. */
function cutLists(raw: unknown): void {
  if (typeof raw !== "object" || raw === null) return;
  for (const value of Object.values(raw)) {
    if (Array.isArray(value) && value.length > MOST_ITEMS) value.length = MOST_ITEMS;
  }
}

/** zod reports a union that fits nowhere as one issue; the alternative that is nearest names the field. */
function nearestOf(alternatives: z.core.$ZodIssue[][]): z.core.$ZodIssue[] {
  return alternatives.toSorted((a, b) => misfits(a) - misfits(b) || a.length - b.length)[0]!;
}

function issuesOf(issues: z.core.$ZodIssue[]): Issue[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((part) => typeof part === "number" ? part : String(part));
    if (issue.code === "invalid_union" && issue.errors.length > 0) {
      return issuesOf(nearestOf(issue.errors))
        .map((inner) => ({ path: [...path, ...inner.path], message: inner.message }));
    }
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ path: [...path, key], message: "unknown field" }));
    }
    return [{ path, message: issue.message }];
  });
}

/**
 * Checks what a caller sent.
 *
 * @param schema of the contract
 * @param raw    its lists may be cut
 * @returns what it says, with defaults filled in
 * @throws {ChatArchiveError} `invalid_request`, whose details name each field that is wrong
 */
export function validated<Input>(schema: z.ZodType<Input>, raw: unknown): Input {
  cutLists(raw);
  // A compiled parser takes a cold function 2 ms, and saves a warm one 0.1 ms of a hundred files.
  const parsed = schema.safeParse(raw, { jitless: true });
  if (parsed.success) return parsed.data;
  const details = issuesOf(parsed.error.issues);
  const [first] = details;
  const where = first?.path.join(".") || "request";
  throw new ChatArchiveError("invalid_request", `${where}: ${first?.message}`, {
    details: details.slice(0, MAX_ISSUES),
  });
}
