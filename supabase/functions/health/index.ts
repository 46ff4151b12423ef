import { HEALTH } from "@shared/contracts/health.ts";
import { type Reply, serve } from "../_shared/serve.ts";
import { asAdmin, optionalBucket, project } from "../_shared/wiring.ts";
import { health } from "./handler.ts";

/** Milliseconds. Anybody may call this: the answer is kept, so that calls cost nothing. */
const KEPT_MS = 5_000;
const TIMEOUT_MS = 1_500;

let kept: { until: number; reply: Promise<Reply> } | undefined;

export default serve(
  HEALTH,
  (_request, call) => {
    if (!kept || kept.until < Date.now()) {
      // The first caller's departure must not abort the checks that others wait for.
      const lasting = { ...call, signal: AbortSignal.timeout(2 * TIMEOUT_MS) };
      kept = {
        until: Date.now() + KEPT_MS,
        reply: health({
          admin: call.settings.useDatabase ? asAdmin(lasting) : null,
          store: optionalBucket(call),
          project: project(),
          timeout: TIMEOUT_MS,
        }),
      };
    }
    return kept.reply;
  },
);
