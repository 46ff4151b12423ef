import type { Device } from "./device.ts";
import { localUser } from "./identity.ts";
import { CHILDREN, LocalRows, PARTS } from "./local_rows.ts";
import { now } from "./new_local_rows.ts";
import { type AnyEntry, Queue } from "./queue.ts";
import type { Rules } from "./replay.ts";

/** The calls that make what a device has of a chat, in the order of the table of rules. */
export async function callsFor(
  rules: Rules,
  rows: LocalRows,
  chat_id: string,
): Promise<Omit<AnyEntry, "key">[]> {
  const calls: Omit<AnyEntry, "key">[] = [];
  for (const [operation, rule] of Object.entries(rules)) {
    for (const input of await rule.adopt?.(rows, chat_id) ?? []) {
      const ids = rule.ids(input);
      calls.push({
        operation: operation as AnyEntry["operation"],
        input,
        ids,
        chat_id,
        created_at: now(),
      });
    }
  }
  return calls;
}

/** Moves a chat with everything in it from one user's part of the store to another's. */
async function move(rules: Rules, from: LocalRows, to: LocalRows, chat_id: string) {
  const calls = await callsFor(rules, from, chat_id);
  const { user_id } = to;
  await to.put("chats", { ...await from.known("chats", chat_id, "chat"), user_id });
  for (const table of CHILDREN) {
    for (const row of await from.of(table, chat_id)) {
      await to.put(table, { ...row, user_id });
      const bytes = await from.file(row.id);
      if (bytes !== undefined) to.putFile(row, bytes);
      await from.removeFile(row);
    }
  }
  await to.whole(chat_id, PARTS);
  await from.removeChat(chat_id);
  const queue = new Queue(to);
  for (const call of calls) await queue.append(call, false);
}

/**
 * Makes the chats of the local identity those of the signed-in user: rows keep their ids, and wait for the
 * server as if they had been written offline. Each chat moves in one transaction, so that a repetition
 * goes on where an earlier one was cut.
 *
 * @returns how many
 */
export async function adoptChats(rules: Rules, device: Device): Promise<number> {
  const local = await localUser(device.store);
  if (local === undefined) return 0;
  const { store } = device;
  const chats = await store.transact((tx) => new LocalRows(tx, local).chats());
  let adopted = 0;
  // The oldest first, as they were created.
  for (const { id } of chats.toSorted((a, b) => a.created_at < b.created_at ? -1 : 1)) {
    adopted += await store.transact(async (tx) => {
      const [from, to] = [new LocalRows(tx, local), new LocalRows(tx, device.user_id)];
      if (!await from.get("chats", id)) return 0;
      await move(rules, from, to, id);
      await from.sized();
      await to.sized();
      return 1;
    });
  }
  return adopted;
}
