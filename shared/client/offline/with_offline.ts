import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { ChatArchive } from "../chat_archive.ts";
import type { Connection } from "../connection.ts";
import { fieldError } from "../../errors.ts";
import { callFault } from "../call_fault.ts";
import { isEachVerb } from "../each_verbs.ts";
import { callsFor } from "./adopt.ts";
import type { Message } from "../rows.ts";
import type { PendingWrite } from "./pending_write.ts";
import { OfflineArchive, type OfflineOptions } from "./offline_archive.ts";
import { reads } from "./reads.ts";
import type { Rules } from "./replay.ts";
import { RULES } from "./rules.ts";
import { type ServerFor, serverFor } from "./server.ts";
import { serverOnly } from "./server_only.ts";

/** The methods that write, by the table of rules, and those that are special cases of them. */
function writes(archive: OfflineArchive): Partial<ArchiveVerbs> {
  const byRule = Object.keys(archive.rules).map((name) => [
    name,
    (input: object) => archive.write(name as keyof ArchiveVerbs, input),
  ]);
  const verbs = Object.fromEntries(byRule) as Pick<ArchiveVerbs, "updateChat">;
  return {
    ...verbs,
    archiveChat: (input) => verbs.updateChat({ ...input, is_archived: true }),
    unarchiveChat: (input) => verbs.updateChat({ ...input, is_archived: false }),
    async addMessage(input) {
      const { chat_id, signal, ...message } = input;
      const list = { chat_id, messages: [message], signal };
      const [stored] = await archive.write("addMessages", list) as Message[];
      return stored!;
    },
  };
}

/**
 * The same methods, which refuse what the server would refuse before the device keeps it.
 *
 * @throws {ChatArchiveError} `invalid_request`, with the caller's own field
 */
function checked(verbs: Partial<ArchiveVerbs>): Partial<ArchiveVerbs> {
  type Method = (input: object) => unknown;
  const check = (name: string, called: unknown) => {
    const input = called ?? {};
    const fault = callFault(name, input);
    if (fault) throw fieldError("invalid_request", fault.path, fault.message);
    return input;
  };
  return Object.fromEntries(
    Object.entries(verbs).map(([name, verb]) => [
      name,
      isEachVerb(name)
        ? async function* (called?: unknown) {
          yield* (verb as Method)(check(name, called)) as AsyncIterable<unknown>;
        }
        : async (called?: unknown) => await (verb as Method)(check(name, called)),
    ]),
  );
}

/** Writes that the server does not have: those of the local identity too, as they would be adopted. */
async function pending(archive: OfflineArchive): Promise<PendingWrite[]> {
  const device = await archive.device();
  return await device.look(async (rows, queue) => {
    if (!device.identity.isLocal) return await queue.list() as unknown as PendingWrite[];
    const chats = (await rows.chats()).toSorted((a, b) => a.created_at < b.created_at ? -1 : 1);
    const calls = [];
    for (const { id } of chats) calls.push(...await callsFor(archive.rules, rows, id));
    return calls.map((call, index) => ({
      ...call,
      key: String(index),
    })) as unknown as PendingWrite[];
  });
}

/**
 * An archive that goes on working on this device while the server can't be reached.
 *
 * @param bindVerbs makes the methods of a connection
 * @param rules     how each method that writes does so without the server
 * @param serverOf  the server of a user
 */
export function withOffline(
  connection: Connection,
  bindVerbs: (connection: Connection) => ArchiveVerbs,
  options: OfflineOptions,
  rules: Rules = RULES as unknown as Rules,
  serverOf: ServerFor = serverFor(bindVerbs),
): Omit<ChatArchive, "boxesOn"> {
  const archive = new OfflineArchive(connection, options, rules, serverOf);
  const known = { ...reads(archive), ...writes(archive) };
  return {
    ...checked({ ...known, ...serverOnly(archive, bindVerbs(connection), known) }),
    pending: () => pending(archive),
    sync: () => archive.sync(),
    conflicts: async () => await (await archive.device()).look((_, queue) => queue.conflicts()),
    async dismissConflict({ key }) {
      const device = await archive.device();
      await device.write(await device.begin(), (_, queue) => queue.dismiss(key));
    },
    adopt: () => archive.adopt(),
    forget: () => archive.forget(),
    close: () => archive.close(),
    [Symbol.asyncDispose]: () => archive.close(),
  } as Omit<ChatArchive, "boxesOn">;
}
