import { CONFIRM_UPLOAD } from "@shared/contracts/confirm-upload.ts";
import { serve } from "../_shared/serve.ts";
import { CONFIRM_BYTES } from "../_shared/settings.ts";
import { asCaller, asLastingAdmin, requiredBucket } from "../_shared/wiring.ts";
import { confirmUpload } from "./handler.ts";

export default serve(
  CONFIRM_UPLOAD,
  async (request, call) => {
    const reply = await confirmUpload(request, {
      db: asCaller(call),
      // Clients have no right to insert images; the handler acts only on uploads that RLS showed. A
      // copy that was made has to be recorded or given up, also where the caller is gone.
      admin: asLastingAdmin(call),
      store: requiredBucket(call),
      maxBytes: CONFIRM_BYTES,
    });
    const { images, documents, rejected, pending } = reply.body;
    call.note({
      images: images.length,
      documents: documents.length,
      rejected: rejected.length,
      pending: pending.length,
      bytes: [...images, ...documents].reduce((sum, { file_size }) => sum + file_size, 0),
    });
    return reply;
  },
);
