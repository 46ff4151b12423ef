import { createClient } from "@supabase/supabase-js";
import type { Database } from "@shared/client/mod.ts";
import { bindVerbs } from "@shared/client/bind_verbs.ts";
import { boxesOn } from "@shared/client/boxes_on.ts";
import { connect } from "@shared/client/connection.ts";
import type { OfflineOptions } from "@shared/client/offline/offline_archive.ts";
import { withOffline } from "@shared/client/offline/with_offline.ts";
import type { ChatArchive } from "@shared/client/mod.ts";
import type { FakeServer } from "./fake_server.ts";

/** A token that names a user; nobody checks it. */
export function tokenOf(user_id: string): string {
  const payload = btoa(JSON.stringify({ sub: user_id })).replace(/=+$/, "");
  return `e30.${payload}.x`;
}

/** An archive on a device, as one tab has it, with a server in memory. @param user null: nobody */
export function openTab(
  server: FakeServer,
  user: () => string | null,
  options: OfflineOptions,
): ChatArchive {
  const supabase = createClient<Database>("http://127.0.0.1:1", "key", {
    accessToken: () => {
      const id = user();
      return Promise.resolve(id === null ? null : tokenOf(id));
    },
  });
  const connection = connect(supabase, { useDatabase: true });
  const archive = withOffline(
    connection,
    bindVerbs,
    options,
    undefined,
    (_, user_id) => server.server(user_id),
  );
  return { ...archive, boxesOn };
}
