import { IMPORT_CHAT } from "@shared/contracts/import-chat.ts";
import { serve } from "../_shared/serve.ts";
import { asCaller, asLastingAdmin, optionalBucket } from "../_shared/wiring.ts";
import { importChat } from "./handler.ts";

export default serve(
  IMPORT_CHAT,
  async (_request, call) => {
    const reply = await importChat(call.file!, {
      userId: call.userId,
      db: asCaller(call),
      // A chat that is not there yet is in nobody's rights. The caller may be gone when what is half
      // done has to be removed.
      admin: asLastingAdmin(call),
      store: optionalBucket(call),
      settings: call.settings,
    });
    const { missing, ...counts } = reply.body;
    call.note({ ...counts, missing: missing.length });
    return reply;
  },
);
