import { RestoreReport } from "@shared/contracts/storage-cleanup.ts";
import { confirm } from "../confirmation.ts";
import { requiredApi } from "./api.ts";
import type { StorageCommand } from "./command.ts";
import { describeCount } from "./sizes.ts";
import { VERDICTS } from "./verdicts.ts";
import { callWorker } from "./worker_api.ts";

type Marker = NonNullable<RestoreReport["marker"]>;

const describe = ({ project, database, runs }: Marker) =>
  `${project || "a project on this machine"}, database ${database}, run ${
    runs.toLocaleString("en")
  }`;

/** Ends the state in which nothing is deleted, because the bucket is not this database's. */
export const acceptRestore: StorageCommand = {
  usage: "accept-restore",
  does: [
    "after a restore, or with another bucket: says what the worker found and,",
    "when you agree, has it delete again what this database says; exit code 1",
    "if you do not",
  ],
  takes: [0, 0],
  async run(call) {
    const { terminal, json } = call;
    const api = requiredApi(call);
    const found = await callWorker(api, { accept_restore: "dry-run" }, RestoreReport);
    const { verdict, marker, here, pending } = found;
    terminal.note(VERDICTS[verdict]);
    if (verdict === "same") {
      terminal.print(json ? JSON.stringify(found) : "there is nothing to accept");
      return 0;
    }
    terminal.note(`in the bucket: ${marker ? describe(marker) : "nothing"}`);
    terminal.note(`here:          ${describe(here)}`);
    terminal.note(
      "If that other database is still in use, give this one a bucket of its own instead.",
    );
    confirm(
      call,
      `Make the bucket this database's, and have ${
        describeCount(pending, "due deletion")
      } carried out?`,
    );
    const done = await callWorker(api, { accept_restore: "apply" }, RestoreReport);
    terminal.print(json ? JSON.stringify(done) : "the bucket is this database's now");
    return done.accepted ? 0 : 1;
  },
};
