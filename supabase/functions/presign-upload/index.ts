import { PRESIGN_UPLOAD } from "@shared/contracts/presign-upload.ts";
import { serve } from "../_shared/serve.ts";
import { asCaller, requiredBucket } from "../_shared/wiring.ts";
import { presignUpload } from "./handler.ts";

export default serve(
  PRESIGN_UPLOAD,
  (request, call) => {
    call.note({ chat_id: request.chat_id, files: request.files.length });
    return presignUpload(request, {
      db: asCaller(call),
      store: requiredBucket(call),
      settings: call.settings,
      now: Date.now,
    });
  },
);
