/**
 * What headers that nobody signed make of a signed PUT.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import {
  ATTACKERS,
  attacks,
  incomingIn,
  outcome,
  storeVictim,
} from "../../support/buckets/attacks.ts";
import { hostilePut, signedGet } from "../../support/buckets/signed_put.ts";
import { type Ground, outcomeOf, type Questions, told } from "./ground.ts";

/** Each attack of the tests. */
function onVictim({ place, settings }: Ground): Questions {
  const ask = (name: string) => async () => {
    const victim = await storeVictim(place, settings.bucket);
    const [status, whose, open] = await outcome(place, name, attacks(victim)[name]!);
    const lies = whose === "nothing" ? "nothing lies there" : `${whose} bytes lie there`;
    return `${status}, ${lies}, ${open ? "anybody can read them" : "closed to strangers"}`;
  };
  return Object.fromEntries(Object.keys(attacks("")).map((name) => [name, ask(name)]));
}

/** Bytes that are 0, packed. */
const packed = new Uint8Array(gzipSync(new Uint8Array(100_000)));

/** PUTs what is packed, with headers that nobody signed. @returns its key */
async function putPacked({ place }: Ground): Promise<string> {
  const key = `${incomingIn(place)}packed`;
  const common = { "content-encoding": "gzip", "cache-control": "max-age=5" };
  const all = { ...common, "x-amz-meta-name": "smuggled" };
  const { status } = await hostilePut(place.store, key, packed, all);
  if (status >= 400) await hostilePut(place.store, key, packed, common);
  return key;
}

/** What a reader is told about an object beside its bytes. */
async function facts({ place }: Ground, key: string): Promise<string> {
  const { status, headers, bytes } = await signedGet(place.store, key);
  const told = ["content-encoding", "cache-control", "x-amz-meta-name", "content-type"]
    .map((name) => `${name} ${headers.get(name) ?? "none"}`);
  return [`${status}`, `${bytes.length} bytes`, ...told].join(", ");
}

async function copied(ground: Ground, Directive: "COPY" | "REPLACE"): Promise<string> {
  const { s3, sdk, settings, place } = ground;
  const from = await putPacked(ground);
  const Key = `${place.prefix}copied-${Directive}`;
  return await outcomeOf(
    s3.send(
      new sdk.CopyObjectCommand({
        Bucket: settings.bucket,
        Key,
        CopySource: `${settings.bucket}/${from}`,
        MetadataDirective: Directive,
        ContentType: "image/png",
      }),
    ),
  ) + ` → ${await facts(ground, Key)}`;
}

/** Questions about headers. */
export function headers(ground: Ground): Questions {
  const { place } = ground;
  return {
    ...onVictim(ground),
    "gzip, stored": async () => await facts(ground, await putPacked(ground)),
    "gzip, as fetch reads it": async () => {
      const pieces = await place.store.bytes(await putPacked(ground)) ?? [];
      const read = pieces.reduce((sum, { length }) => sum + length, 0);
      return `${packed.length} bytes were sent, ${read} are read`;
    },
    "gzip, copied": () => copied(ground, "COPY"),
    "gzip, copied with REPLACE": () => copied(ground, "REPLACE"),
    "wrong checksum": async () => {
      const wrong = { "x-amz-checksum-sha256": btoa("0".repeat(32)) };
      return told(await hostilePut(place.store, `${incomingIn(place)}sum`, ATTACKERS, wrong));
    },
    "wrong Content-MD5": async () => {
      const wrong = { "content-md5": btoa("0".repeat(16)) };
      return told(await hostilePut(place.store, `${incomingIn(place)}md5`, ATTACKERS, wrong));
    },
  };
}
