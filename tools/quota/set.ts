import { misuse } from "../../stack/failure.ts";
import { readAmount } from "./amounts.ts";
import { answerOf, type Limits, limitsOf, type QuotaCommand, userOf } from "./command.ts";
import { describeAmount, QUOTAS } from "./table.ts";

function changesOf(options: Record<string, string | boolean | undefined>, isDefault: boolean) {
  const changes: Partial<Limits> = {};
  for (const { column, name, isSize } of QUOTAS) {
    const text = options[name];
    if (typeof text !== "string") continue;
    if (text === "default" && isDefault) {
      throw misuse(`--${name} default: there is nothing behind the default`);
    }
    changes[column] = text === "default" ? null : readAmount(text, isSize);
  }
  if (Object.keys(changes).length === 0) {
    throw misuse("what is to be set?", "Give --chats, --text, --objects or --files.");
  }
  return changes;
}

/** Sets what a user may hold, or the default. */
export const set: QuotaCommand = {
  usage: "set USER|default [--chats N] [--text SIZE] [--objects N] [--files SIZE]",
  does: [
    "sets what a user may hold, or what all may who have no figure of their own;",
    "SIZE is a number of bytes, or as in 512MiB; the figure `default` takes a",
    "user's own one back. Nothing is deleted where a user holds more",
  ],
  takes: [1, 1],
  options: {
    chats: { type: "string" },
    text: { type: "string" },
    objects: { type: "string" },
    files: { type: "string" },
  },
  async run({ admin, positionals: [word], options, json, terminal }) {
    const user = word === "default" ? null : userOf(word!);
    const changes = changesOf(options, user === null);
    const before = await limitsOf(admin, user);
    const empty = {
      max_chats: null,
      max_text_bytes: null,
      max_objects: null,
      max_file_bytes: null,
    };
    const limits: Limits = { ...empty, ...before, ...changes };
    if (user !== null && QUOTAS.every(({ column }) => limits[column] === null)) {
      await answerOf(admin.from("quotas").delete().eq("user_id", user).select("id"));
    } else if (before) {
      const rows = admin.from("quotas").update(limits);
      const own = user === null ? rows.is("user_id", null) : rows.eq("user_id", user);
      await answerOf(own.select("id"));
    } else {
      if (user === null && QUOTAS.some(({ column }) => limits[column] === null)) {
        throw misuse("the default row is missing", "Give all four figures.");
      }
      await answerOf(admin.from("quotas").insert({ user_id: user, ...limits }).select("id"));
    }
    if (json) return terminal.print(JSON.stringify({ user_id: user, ...limits }));
    for (const { column, name, isSize } of QUOTAS) {
      terminal.print(`${name.padEnd(8)} ${describeAmount(limits[column], isSize, "the default")}`);
    }
  },
};
