import { bucketOf } from "../../../tools/operator_bucket.ts";
import type { BucketSettings } from "../../../supabase/functions/_shared/settings.ts";
import { stack } from "../stack.ts";
import { type Scratch, scratchIn } from "./scratch_in.ts";

export type { Scratch };

/** Opens a place of one's own. @param settings of the bucket, by default the stack's */
export function scratch(settings: BucketSettings = bucketOf(stack)): Scratch {
  return scratchIn(settings);
}
