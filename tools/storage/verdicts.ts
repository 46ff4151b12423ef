import type { Verdict } from "../../supabase/functions/_shared/bucket_identity.ts";

/** What each verdict on a bucket and a database means. */
export const VERDICTS: Record<Verdict, string> = {
  same: "the bucket is this database's",
  no_marker:
    "nobody has used this bucket yet, and this database has used another, or this one was emptied",
  other_identity: "the bucket was last used by another database",
  bucket_ahead:
    "the bucket was last used by a later state of this database: it was restored, or copied",
};
