/**
 * What follows from what was found, in one sentence each.
 *
 * @module
 */
import type { Answer } from "./examine_bucket_access.ts";

/** The questions that have a plain answer, in the order in which the answers are printed. */
export type Question =
  | "uploads"
  | "keeps_versions"
  | "copies_by_header"
  | "publishes_by_header"
  | "copy_conditions"
  | "read_conditions"
  | "drops_headers"
  | "public_list"
  | "public_read"
  | "cors";

interface Finding {
  /** Answers that are a reason to act. `unknown` always is. */
  bad?: Answer;
  yes: string;
  no: string;
}

const FINDINGS: Record<Question, Finding> = {
  uploads: {
    bad: "no",
    yes: "an upload URL stores what is sent, and the functions' key can read it",
    no: "what is sent to an upload URL is refused, or S3_ACCESS_KEY can't read it: correct " +
      "S3_UPLOAD_ACCESS_KEY and S3_UPLOAD_SECRET_KEY, or the rights of these keys",
  },
  keeps_versions: {
    yes:
      "the worker lists and deletes every version of what users delete, which is slower, and which " +
      "this key may do",
    no: "deleted bytes are gone at once",
  },
  copies_by_header: {
    yes: "an upload URL can copy any object that this key may read and whose key is known: keep " +
      "nothing else where the key reaches",
    no: "an upload URL stores the bytes that are sent, and nothing else",
  },
  publishes_by_header: {
    bad: "yes",
    yes:
      "an upload URL can make what it stores or copies readable by anybody: have the bucket ignore " +
      "public ACLs (IgnorePublicAcls), or take the right to set ACLs from the key",
    no: "nothing that is uploaded can be made public",
  },
  copy_conditions: {
    yes: "a copy can be bound to one version",
    no: "a copy takes whatever lies at its source: only what lies at the final key may be verified",
  },
  read_conditions: {
    yes: "a read can be bound to one version",
    no: "a read in parts may mix versions: bytes are read from keys that no client can write",
  },
  drops_headers: {
    bad: "no",
    yes: "headers that a client adds to an upload do not reach those who read the file",
    no:
      "headers that a client adds to an upload (an encoding, caching) come with the file to all " +
      "who read it: use another server",
  },
  public_list: {
    bad: "yes",
    yes: "the bucket is public, anybody can list its objects: make it private",
    no: "nobody without a key can list objects",
  },
  public_read: {
    bad: "yes",
    yes: "the bucket is public, anybody can read its objects: make it private",
    no: "nobody without a key or a signed URL can read objects",
  },
  cors: {
    bad: "no",
    yes: "browsers can upload",
    no: "the bucket lacks CORS, a browser can upload only from origins that its rules name (see " +
      "ALLOWED_ORIGINS): add a rule",
  },
};

/** In the order in which they are printed. */
export const QUESTIONS = Object.keys(FINDINGS) as Question[];

const label = (question: Question) => question.replaceAll("_", " ");

/** What follows from an answer. */
export function consequence(question: Question, answer: Answer): string {
  return answer === "unknown"
    ? "the bucket did not answer, or the key may not ask: look at the bucket's settings"
    : FINDINGS[question][answer];
}

/** A warning, where an answer is a reason to act. */
export function warningOf(question: Question, answer: Answer): string | undefined {
  if (answer === "unknown") {
    return `${label(question)} is unknown: ${consequence(question, answer)}`;
  }
  return answer === FINDINGS[question].bad ? consequence(question, answer) : undefined;
}

/** One line about an answer. */
export function describe(question: Question, answer: Answer): string {
  return `${label(question).padEnd(19)} ${answer.padEnd(7)} ${consequence(question, answer)}`;
}
