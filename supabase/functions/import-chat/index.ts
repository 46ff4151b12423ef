import { IMPORT_CHAT } from "@shared/contracts/import-chat.ts";
import { adminClient } from "../_shared/clients.ts";
import { serve } from "../_shared/serve.ts";
import { asCaller, optionalBucket } from "../_shared/wiring.ts";
import { importChat } from "./handler.ts";

export default serve(
  IMPORT_CHAT,
  async (_request, call) => {
    const { userId, requestId } = call;
    const reply = await importChat(call.file!, {
      userId,
      db: asCaller(call),
      // A chat that is not there yet is in nobody's rights. Not bound to the caller, who may be gone
      // when what is half done has to be removed.
      admin: adminClient({ requestId, signal: new AbortController().signal }),
      store: optionalBucket(call),
      settings: call.settings,
    });
    const { missing, ...counts } = reply.body;
    call.note({ ...counts, missing: missing.length });
    return reply;
  },
);
