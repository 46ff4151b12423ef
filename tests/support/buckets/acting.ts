/**
 * Uploads of a user into any bucket: the handlers run here, over the stack's database.
 *
 * @module
 */
import type { ConfirmUploadResponse } from "@shared/contracts/confirm-upload.ts";
import { PresignUploadRequest } from "@shared/contracts/presign-upload.ts";
import type { ConfirmPorts } from "../../../supabase/functions/_shared/confirm_uploads.ts";
import type { ObjectStore } from "../../../supabase/functions/_shared/object_store.ts";
import { readSettings } from "../../../supabase/functions/_shared/settings.ts";
import { confirmUpload } from "../../../supabase/functions/confirm-upload/handler.ts";
import { presignUpload } from "../../../supabase/functions/presign-upload/handler.ts";
import { workerClient } from "../api_client.ts";
import { factsOf, type TestFile } from "../files.ts";
import type { User } from "../users.ts";

const admin = workerClient();
const settings = readSettings({ USE_S3_STORAGE: "false" });

/** A reservation, and the signed PUT of it. */
export interface Reserved {
  id: string;
  chat_id: string;
  url: string;
  headers: Record<string, string>;
}

/** What a user can do with a bucket. */
export interface Acting {
  /** Reserves files. @param chat by default a new one */
  reserve(files: TestFile[], chat?: string): Promise<Reserved[]>;
  /** Confirms uploads with a bucket that a test has changed. @param maxBytes of one request */
  confirm(
    ids: string[],
    changes?: Partial<ConfirmPorts["store"]>,
    maxBytes?: number,
  ): Promise<ConfirmUploadResponse>;
}

/** What one user does, with one bucket. */
export function acting(user: User, store: ObjectStore): Acting {
  return {
    async reserve(files, chat) {
      const chat_id = chat ?? await user.createChat();
      const request = PresignUploadRequest.parse({ chat_id, files: files.map(factsOf) });
      const { body } = await presignUpload(request, {
        db: user.client,
        store,
        settings,
        now: Date.now,
      });
      return body.uploads.map((upload) => ({ chat_id, ...upload }));
    },
    async confirm(ids, changes = {}, maxBytes = 1e6) {
      const ports = { db: user.client, admin, maxBytes, store: { ...store, ...changes } };
      return (await confirmUpload({ ids }, ports)).body;
    },
  };
}
