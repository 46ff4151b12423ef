/**
 * What the other examples begin with: a client of supabase-js with somebody signed in. An application
 * has its own sign-in here.
 *
 * @module
 */
import { createClient } from "@supabase/supabase-js";
import type { ArchiveClient } from "chat-archive";

/**
 * Signs up a new user of the stack that runs on this machine (`deno task start`), or of the one that
 * SUPABASE_URL and SUPABASE_ANON_KEY name.
 */
export async function signedIn(): Promise<ArchiveClient> {
  const supabase: ArchiveClient = createClient(
    Deno.env.get("SUPABASE_URL") ?? "http://127.0.0.1:54321",
    Deno.env.get("SUPABASE_ANON_KEY") ?? "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH",
    { auth: { persistSession: false, autoRefreshToken: false } },
  );
  const { error } = await supabase.auth.signUp({
    email: `example-${crypto.randomUUID()}@example.com`,
    password: crypto.randomUUID(),
  });
  if (error) throw error;
  return supabase;
}

/** A file of the sample document. */
export async function sample(name: string): Promise<Blob> {
  const bytes = await Deno.readFile(new URL(`document/${name}`, import.meta.url));
  return new Blob([bytes], { type: name.endsWith(".pdf") ? "application/pdf" : "image/png" });
}
