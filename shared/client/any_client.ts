/**
 * A client of supabase-js, whatever schema it is typed with, and of another copy or version of
 * supabase-js too: a class with protected members would be taken from one copy only.
 */
export interface AnyClient {
  from(table: never): unknown;
  rpc(name: never, ...rest: never[]): unknown;
  readonly auth: {
    getSession(): PromiseLike<{ data: { session: { access_token: string } | null } }>;
    onAuthStateChange(listener: never): unknown;
  };
}
