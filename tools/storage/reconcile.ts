import { ReconcileReport } from "@shared/contracts/storage-cleanup.ts";
import { Failure, misuse } from "../../stack/failure.ts";
import { confirm } from "../confirmation.ts";
import { type ProjectApi, requiredApi } from "./api.ts";
import type { StorageCall, StorageCommand } from "./command.ts";
import { describeCount } from "./sizes.ts";
import { callWorker } from "./worker_api.ts";

/** Keys that are printed. */
const SAMPLE = 100;

/** A part of the bucket that one request compared. */
interface Range {
  after?: string;
  until?: string;
  orphans: number;
}

/** A dry run over the whole bucket. */
async function compareAll(api: ProjectApi, { terminal }: StorageCall) {
  const found = {
    compared: 0,
    orphans: 0,
    foreign: 0,
    missing: 0,
    orphan_keys: [] as string[],
    missing_keys: [] as string[],
  };
  const ranges: Range[] = [];
  for (let after: string | undefined, first = true; first || after; first = false) {
    const part = await callWorker(
      api,
      { reconcile: "dry-run", ...(after ? { after } : {}) },
      ReconcileReport,
    );
    found.compared += part.compared;
    found.orphans += part.orphans;
    found.foreign += part.foreign;
    found.missing += part.missing;
    for (const list of ["orphan_keys", "missing_keys"] as const) {
      found[list].push(...part[list].slice(0, SAMPLE - found[list].length));
    }
    ranges.push({
      ...(after ? { after } : {}),
      ...(part.next ? { until: part.next } : {}),
      orphans: part.orphans,
    });
    after = part.next;
    terminal.show(`compared ${describeCount(found.compared, "object")}`);
  }
  return { found, ranges };
}

/** Enqueues the orphans of a range, in as many requests as that takes. */
async function applyTo(api: ProjectApi, { after, until, orphans }: Range): Promise<number> {
  let enqueued = 0;
  for (let from = after, first = true; first || from; first = false) {
    const part = await callWorker(api, {
      reconcile: "apply",
      expected: orphans - enqueued,
      ...(from ? { after: from } : {}),
      ...(until ? { until } : {}),
    }, ReconcileReport);
    enqueued += part.orphans;
    from = part.next;
  }
  return enqueued;
}

function expectedOf({ options: { apply, expected } }: StorageCall): number | undefined {
  if (!apply && expected === undefined) return undefined;
  if (!apply || typeof expected !== "string" || !/^\d{1,9}$/.test(expected)) {
    throw misuse("--apply and --expected N go together; N is what a run without them printed");
  }
  return Number(expected);
}

/** Compares the bucket with the rows, both ways, and enqueues what no row names. */
export const reconcile: StorageCommand = {
  usage: "reconcile [--apply --expected N]",
  does: [
    "compares the bucket with the rows: orphans (objects that no row",
    "names) and rows whose object is missing; --apply has the worker",
    "delete the orphans, if there are at most N; exit code 1 if it finds any",
  ],
  takes: [0, 0],
  options: { apply: { type: "boolean" }, expected: { type: "string" } },
  async run(call) {
    const { terminal, json } = call;
    const expected = expectedOf(call);
    const api = requiredApi(call);
    const { found, ranges } = await compareAll(api, call);
    let enqueued: number | undefined;
    if (expected !== undefined) {
      if (found.orphans > expected) {
        throw new Failure(
          `${describeCount(found.orphans, "orphan")}, and ${expected} were expected`,
          "Nothing was enqueued. Run it without --apply and look at them.",
        );
      }
      confirm(call, `Have ${describeCount(found.orphans, "orphan")} deleted for good?`);
      enqueued = 0;
      for (const range of ranges.filter(({ orphans }) => orphans > 0)) {
        enqueued += await applyTo(api, range);
      }
    }
    if (json) {
      terminal.print(JSON.stringify({ ...found, ...(enqueued === undefined ? {} : { enqueued }) }));
    } else {
      terminal.print(
        `${describeCount(found.compared, "object")} compared: ` +
          `${describeCount(found.orphans, "orphan")}, ${found.foreign} not of this database, ` +
          `${describeCount(found.missing, "row")} without an object`,
      );
      for (const key of found.orphan_keys) terminal.print(`orphan   ${key}`);
      for (const key of found.missing_keys) terminal.print(`missing  ${key}`);
      if (enqueued !== undefined) {
        terminal.print(`${describeCount(enqueued, "orphan")} enqueued for the worker`);
      }
    }
    const left = found.orphans - (enqueued ?? 0);
    return left + found.missing === 0 ? 0 : 1;
  },
};
