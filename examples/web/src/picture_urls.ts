/**
 * Addresses of pictures: signed URLs, asked for together, and kept while they live.
 *
 * @module
 */
import { archive } from "./backend.ts";

const known = new Map<string, Promise<string>>();
type Batch = Map<string, PromiseWithResolvers<string>>;
let wanted: Batch | undefined;

/** From this device, where the server can't be asked. */
async function local(id: string): Promise<string> {
  const { body } = await archive.download({ id });
  return URL.createObjectURL(await new Response(body).blob());
}

async function sign(batch: Batch) {
  const { downloads } = await archive.downloadUrls({ ids: [...batch.keys()] })
    .catch(() => ({ downloads: [] }));
  const urls = new Map(downloads.map(({ id, url }) => [id, url]));
  for (const [id, { resolve }] of batch) resolve(urls.get(id) ?? local(id));
  // Before it expires, a picture that is shown again asks anew.
  const soonest = Math.min(
    ...downloads.map(({ expires_at }) => Date.parse(expires_at)),
  );
  setTimeout(() => {
    for (const { id } of downloads) known.delete(id);
  }, Math.min(Math.max(soonest - Date.now() - 60_000, 1000), 2 ** 31 - 1));
}

/** Where a picture is. @throws {ChatArchiveError} where it is nowhere */
export function pictureUrl(id: string): Promise<string> {
  let url = known.get(id);
  if (!url) {
    if (!wanted) {
      const batch: Batch = wanted = new Map();
      setTimeout(() => {
        wanted = undefined;
        void sign(batch);
      }, 20);
    }
    const promised = Promise.withResolvers<string>();
    wanted.set(id, promised);
    url = promised.promise;
    known.set(id, url);
    url.catch(() => known.delete(id));
  }
  return url;
}
