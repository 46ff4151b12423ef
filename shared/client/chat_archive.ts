import type { ArchiveVerbs } from "./archive_verbs.ts";
import type { BoxesOfPage, ImageOnPage } from "./boxes_on.ts";
import type { Adoption, Conflict, PendingWrite, SyncResult } from "./offline/pending_write.ts";
import type { Box } from "./rows.ts";

/** The archive of the signed-in user, also while the server can't be reached (`options.offline`). */
export interface ChatArchive extends ArchiveVerbs, AsyncDisposable {
  /**
   * Where a search result lies on an image of its page, as fractions of the image; nowhere where it
   * shows another page or part. Nothing is asked for it.
   */
  boxesOn(image: ImageOnPage, search_result: BoxesOfPage): Box[];
  /** Writes that the server does not have yet, in their order. */
  pending(): Promise<PendingWrite[]>;
  /**
   * Replays them now. It happens by itself too, as soon as the server can be reached.
   *
   * @throws {ChatArchiveError} where the server still can't be reached; nothing is lost then
   */
  sync(): Promise<SyncResult>;
  /** Writes that the server refused when they were replayed, kept until they are dismissed. */
  conflicts(): Promise<Conflict[]>;
  /** Forgets a conflict that was dealt with. */
  dismissConflict(conflict: { key: string }): Promise<void>;
  /**
   * Brings over to the signed-in user what this device has for nobody: chats that were written while
   * nobody was signed in. They keep their ids, and are saved as what was written offline is. Each chat
   * is brought over once; a call that was cut can be repeated.
   *
   * @throws {ChatArchiveError} `unauthorized` where nobody is signed in
   */
  adopt(): Promise<Adoption>;
  /**
   * Removes all that this device has of whoever is signed in, pending writes and conflicts included; where
   * nobody is, all of the local identity. Call `sync` before, to save what is pending.
   */
  forget(): Promise<void>;
  /** Ends what goes on by itself. What is pending stays in the store. */
  close(): Promise<void>;
}
