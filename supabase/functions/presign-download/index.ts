import { PRESIGN_DOWNLOAD } from "@shared/contracts/presign-download.ts";
import { serve } from "../_shared/serve.ts";
import { asCaller, requiredBucket } from "../_shared/wiring.ts";
import { presignDownload } from "./handler.ts";

export default serve(
  PRESIGN_DOWNLOAD,
  async (request, call) => {
    const reply = await presignDownload(request, {
      db: asCaller(call),
      store: requiredBucket(call),
      settings: call.settings,
      now: Date.now,
    });
    call.note({ downloads: reply.body.downloads.length, missing: reply.body.missing.length });
    return reply;
  },
);
