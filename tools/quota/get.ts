import { answerOf, limitsOf, type QuotaCommand, userOf } from "./command.ts";
import { describeAmount, QUOTAS } from "./table.ts";

/** Shows what a user holds and may hold, or the default. */
export const get: QuotaCommand = {
  usage: "get [USER]",
  does: ["shows what a user holds and may hold; without USER, the default"],
  takes: [0, 1],
  async run({ admin, positionals: [word], json, terminal }) {
    const defaults = await limitsOf(admin, null);
    const user = word === undefined ? undefined : userOf(word);
    if (user === undefined) {
      if (json) return terminal.print(JSON.stringify({ user_id: null, ...defaults }));
      for (const { column, name, isSize } of QUOTAS) {
        terminal.print(
          `${name.padEnd(8)} ${describeAmount(defaults?.[column], isSize, "unlimited")}`,
        );
      }
      return;
    }
    const own = await limitsOf(admin, user);
    const [usage] = await answerOf(admin.from("usage").select().eq("user_id", user));
    const limits = Object.fromEntries(
      QUOTAS.map(({ column }) => [column, own?.[column] ?? defaults?.[column] ?? null]),
    );
    const held = {
      chats: usage?.chats ?? 0,
      text_bytes: usage?.text_bytes ?? 0,
      objects: usage?.objects ?? 0,
      file_bytes: usage?.file_bytes ?? 0,
      reserved_objects: usage?.reserved_objects ?? 0,
      reserved_bytes: usage?.reserved_bytes ?? 0,
    };
    if (json) return terminal.print(JSON.stringify({ user_id: user, ...held, ...limits }));
    const used = {
      max_chats: held.chats,
      max_text_bytes: held.text_bytes,
      max_objects: held.objects + held.reserved_objects,
      max_file_bytes: held.file_bytes + held.reserved_bytes,
    };
    for (const { column, name, isSize } of QUOTAS) {
      const limit = describeAmount(limits[column], isSize, "unlimited");
      const source = own?.[column] === undefined || own[column] === null ? "the default" : "own";
      const amount = describeAmount(used[column], isSize, "0");
      terminal.print(`${name.padEnd(8)} ${amount} of ${limit} (${source})`);
    }
  },
};
