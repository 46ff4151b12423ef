import { STORAGE_CLEANUP } from "@shared/contracts/storage-cleanup.ts";
import { createLog } from "../_shared/log.ts";
import { serve } from "../_shared/serve.ts";
import { asAdmin, markerType, project, uncheckedBucket } from "../_shared/wiring.ts";
import { storageCleanup } from "./handler.ts";

/** Milliseconds; the next run comes after a minute. */
const BUDGET_MS = 50_000;

export default serve(
  STORAGE_CLEANUP,
  async (request, call) => {
    const reply = await storageCleanup(request, {
      // The worker has no user; only the secret key gets here.
      admin: asAdmin(call),
      // It checks the bucket itself.
      store: uncheckedBucket(call),
      project: project(),
      contentType: markerType(call.settings),
      settings: call.settings,
      log: createLog("operation", { request_id: call.requestId }),
      budget: BUDGET_MS,
    });
    // Counts only: a key has a user's id in it.
    const counts = Object.entries(reply.body).filter(([, value]) => typeof value === "number");
    call.note(Object.fromEntries(counts));
    return reply;
  },
);
