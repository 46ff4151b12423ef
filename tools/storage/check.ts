import { EXTENSION_OF } from "@shared/object-keys.ts";
import { EXIT } from "../../stack/failure.ts";
import type { StorageCommand } from "./command.ts";
import { examineBucket } from "./examine_bucket.ts";
import { describe, QUESTIONS } from "./examine_bucket_findings.ts";
import { examineMarker } from "./examine_marker.ts";
import { isUnexplained } from "./failures.ts";

/** The application's origin, where the settings name one. */
export function applicationOrigin(
  { ALLOWED_ORIGINS = "" }: Record<string, string | undefined>,
): string | undefined {
  const [first = ""] = ALLOWED_ORIGINS.split(",").map((origin) => origin.trim());
  return first === "" || first === "*" ? undefined : first;
}

/** Content types that users may upload: where the settings name none, all that the archive knows. */
function allowedTypes(
  { ALLOWED_IMAGE_TYPES, ALLOWED_DOCUMENT_TYPES }: Record<string, string | undefined>,
): string[] {
  const known = Object.keys(EXTENSION_OF);
  const isImage = (type: string) => type.startsWith("image/");
  const listed = (text: string) => text.split(",").map((type) => type.trim()).filter(Boolean);
  return [
    ...(ALLOWED_IMAGE_TYPES ? listed(ALLOWED_IMAGE_TYPES) : known.filter(isImage)),
    ...(ALLOWED_DOCUMENT_TYPES
      ? listed(ALLOWED_DOCUMENT_TYPES)
      : known.filter((type) => !isImage(type))),
  ];
}

/** Checks the connection, and how the bucket is set up. */
export const check: StorageCommand = {
  usage: "check",
  does: [
    "connects, tries with objects of its own what the archive relies on, and says",
    "what follows: uploads, versions, what headers that nobody signed make of an",
    "upload, conditions, public access, CORS (for the first of ALLOWED_ORIGINS)",
    "and content types, and whether the bucket is this database's; exit code 1 where",
    "something must be changed, or is unknown",
  ],
  takes: [0, 0],
  async run(call) {
    const { store, bucket, env, json, terminal } = call;
    const started = performance.now();
    await store.check().catch(async (error) => {
      // A list that is refused too says why: the answer has a body.
      if (isUnexplained(error)) { for await (const _ of store.list("")) break; }
      throw error;
    });
    const latency_ms = Math.round(performance.now() - started);
    const { facts, refused_types, warnings } = await examineBucket(bucket, store, {
      origin: applicationOrigin(env),
      types: allowedTypes(env),
    });
    const marker = await examineMarker(call);
    if (marker.warning) warnings.push(marker.warning);
    if (json) {
      const found = { latency_ms, ...facts, refused_types, marker: marker.answer, warnings };
      terminal.print(JSON.stringify(found));
    } else {
      terminal.print(`connected in ${latency_ms} ms`);
      for (const question of QUESTIONS) terminal.print(describe(question, facts[question]));
      terminal.print(`refused types       ${refused_types.join(", ") || "none"}`);
      terminal.print(`marker              ${marker.answer}: ${marker.meaning}`);
    }
    for (const warning of warnings) terminal.note(`warning: ${warning}`);
    return warnings.length === 0 ? EXIT.done : EXIT.failed;
  },
};
