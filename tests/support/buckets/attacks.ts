/**
 * What whoever holds the URL of a signed PUT can send with it that nobody signed, and what comes of it:
 * one list for the tests and for the probe of any bucket (tests/storage/probe.ts).
 *
 * @module
 */
import { anonymousGet, CONTENT_TYPE, hostilePut, signedGet } from "./signed_put.ts";
import type { Scratch } from "./scratch_in.ts";

const text = new TextEncoder();
const VICTIMS = text.encode("the bytes of a victim");
const EVERYBODY = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"';

/** What an attacker sends. */
export const ATTACKERS: Uint8Array<ArrayBuffer> = text.encode("what an attacker sends");

/** Status of the PUT; whose bytes lie there then; whether anybody can read them. */
export type Outcome = [
  status: number,
  stored: "nothing" | "the attacker's" | "the victim's" | "others",
  open: boolean,
];

/** Headers that make something else of the PUT than was signed, by the attack's name. */
export function attacks(victim: string): Record<string, Record<string, string>> {
  const copy = { "x-amz-copy-source": victim };
  const acl = { "x-amz-acl": "public-read" };
  const grant = { "x-amz-grant-read": EVERYBODY };
  return {
    copy,
    "copy without a slash": { "x-amz-copy-source": victim.slice(1) },
    acl,
    grant,
    "copy and acl": { ...copy, ...acl },
    "copy and grant": { ...copy, ...grant },
    meta: { "x-amz-meta-name": "smuggled" },
  };
}

/** Below this prefix of a scratch place lie keys of the form of incoming ones. */
export const incomingIn = ({ prefix }: Pick<Scratch, "prefix">): string =>
  `${prefix}chat/incoming/`;

const same = (a: Uint8Array, b: Uint8Array) => a.join() === b.join();

/** Stores what a victim has. @returns the bucket's path of it, as a copy names its source */
export async function storeVictim({ store, prefix }: Scratch, bucket: string): Promise<string> {
  const key = `${prefix}victim`;
  await store.put({ key, body: VICTIMS, size: VICTIMS.length, contentType: CONTENT_TYPE });
  return `/${bucket}/${key}`;
}

/** Sends a PUT to an incoming key with these headers. @returns what came of it */
export async function outcome(
  place: Scratch,
  name: string,
  headers: Record<string, string>,
): Promise<Outcome> {
  const { store } = place;
  const key = `${incomingIn(place)}${name.replaceAll(" ", "-")}`;
  const { status } = await hostilePut(store, key, ATTACKERS, headers);
  const found = await signedGet(store, key);
  const open = (await anonymousGet(store, key)).status === 200;
  const whose = found.status !== 200
    ? "nothing"
    : same(found.bytes, VICTIMS)
    ? "the victim's"
    : same(found.bytes, ATTACKERS)
    ? "the attacker's"
    : "others";
  return [status, whose, open];
}
