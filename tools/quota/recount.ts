import { answerOf, type QuotaCommand, userOf } from "./command.ts";
import { describeCount } from "../storage/sizes.ts";

/** Users of one request. */
const PAGE = 1000;

/** Counts what users hold anew, by their rows. */
export const recount: QuotaCommand = {
  usage: "recount [USER]",
  does: [
    "counts what a user holds anew, by the rows; without USER, for all, one after",
    "the other; says whose figures were wrong",
  ],
  takes: [0, 1],
  async run({ admin, positionals: [word], json, terminal }) {
    let users = 0;
    const differed: string[] = [];
    const count = async (user: string) => {
      users++;
      if (await answerOf(admin.rpc("recount_usage", { of_user: user }))) differed.push(user);
      terminal.show(`counted ${describeCount(users, "user")}`);
    };
    if (word !== undefined) await count(userOf(word));
    for (let after: string | undefined, more = word === undefined; more;) {
      const page: string[] = await answerOf(
        admin.rpc("usage_owners", { max_rows: PAGE, ...(after ? { after_user: after } : {}) }),
      );
      for (const user of page) await count(user);
      after = page.at(-1);
      more = page.length === PAGE;
    }
    if (json) return terminal.print(JSON.stringify({ users, differed }));
    for (const user of differed) terminal.print(`corrected ${user}`);
    terminal.print(`${describeCount(users, "user")} counted, ${differed.length} corrected`);
  },
};
