/**
 * Verbs that a page calls late or never, as small functions: the code behind them is loaded when the
 * first one is called. (Bundlers that split code keep whatever the entry re-exports in its first
 * chunk, so that the entry must not lead to that code itself.)
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import { notLoaded } from "./not_loaded.ts";

type LaterVerbs = typeof import("./later_verbs.ts");

const load = () => import("./later_verbs.ts").catch(notLoaded);

function later<Verb extends keyof LaterVerbs>(name: Verb): LaterVerbs[Verb] {
  const call = async (connection: Connection, input: never) => {
    const verb = (await load())[name];
    return await (verb as (connection: Connection, input: never) => Promise<unknown>)(
      connection,
      input,
    );
  };
  return call as LaterVerbs[Verb];
}

/** Attaches images to a message of their chat, or takes them off. */
export const attachImages = later("attachImages");
/** How the backend is: database, bucket and cleanup worker. Nobody needs to be signed in. */
export const checkConnection = later("checkConnection");
/** Deletes a chat with everything in it; its status says whether the bytes are gone, too. */
export const deleteChat = later("deleteChat");
/** Deletes a document; its bytes follow within a minute. */
export const deleteDocument = later("deleteDocument");
/** Deletes images; their bytes follow within a minute. */
export const deleteImages = later("deleteImages");
/** Deletes messages with their images and search results. */
export const deleteMessages = later("deleteMessages");
/** Uploads images straight to the bucket and gives their rows, in the order given. */
export const uploadImages = later("uploadImages");
/** Uploads a document to a chat, which may have several. */
export const uploadDocument = later("uploadDocument");
/** Signed URLs of images or documents. */
export const downloadUrls = later("downloadUrls");
/** Opens an image or a document. */
export const download = later("download");
/** Exports one chat as Markdown, JSON or zip, or all in zips, as a stream. */
export const exportChat = later("exportChat");
/** Makes a chat of an export. */
export const importChat = later("importChat");
/** Everything that a search finds, page by page. */
export async function* search(
  ...input: Parameters<LaterVerbs["search"]>
): ReturnType<LaterVerbs["search"]> {
  yield* (await load()).search(...input);
}
/** One page of what a search finds. */
export const searchPage = later("searchPage");
/** Waits until all bytes of a deleted chat are gone. */
export const awaitDeletion = later("awaitDeletion");
/** Deletes the account of the signed-in user with everything in it. */
export const deleteAccount = later("deleteAccount");
/** What the signed-in user holds and may hold. */
export const usage = later("usage");
