import { PresignUploadRequest } from "@shared/contracts/presign-upload.ts";
import { serve } from "../_shared/serve.ts";
import { asCaller, requiredBucket } from "../_shared/wiring.ts";
import { presignUpload } from "./handler.ts";

export default serve(
  { name: "presign-upload", method: "POST", access: "user", request: PresignUploadRequest },
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
