import { EXPORT_CHAT } from "@shared/contracts/export-chat.ts";
import { serve } from "../_shared/serve.ts";
import { asCaller, optionalBucket } from "../_shared/wiring.ts";
import { exportChat } from "./handler.ts";

export default serve(
  EXPORT_CHAT,
  (request, call) => {
    call.note({
      ...("all" in request ? { all: true } : { chat_id: request.chat_id }),
      format: request.format,
    });
    return exportChat(request, {
      db: asCaller(call),
      store: optionalBucket(call),
      settings: call.settings,
      now: Date.now,
    });
  },
);
