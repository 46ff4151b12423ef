import { answerOf, LIMIT_COLUMNS, type QuotaCommand } from "./command.ts";
import { describeAmount, QUOTAS } from "./table.ts";

/** Rows of one request: the API gives no more. */
const PAGE = 1000;

/** Lists the default and every user who has figures of their own. */
export const list: QuotaCommand = {
  usage: "list",
  does: ["lists the default, and every user who has figures of their own"],
  async run({ admin, json, terminal }) {
    const page = (after: string | null) => {
      const rows = admin.from("quotas").select(`user_id, ${LIMIT_COLUMNS}`)
        .order("user_id", { nullsFirst: true }).limit(PAGE);
      return answerOf(after === null ? rows : rows.gt("user_id", after));
    };
    let after: string | null = null;
    for (let more = true; more;) {
      const rows: Awaited<ReturnType<typeof page>> = await page(after);
      for (const row of rows) {
        if (json) {
          terminal.print(JSON.stringify(row));
          continue;
        }
        const figures = QUOTAS.map(({ column, name, isSize }) =>
          `${name} ${describeAmount(row[column], isSize, "-")}`
        );
        terminal.print(`${(row.user_id ?? "default").padEnd(36)}  ${figures.join("  ")}`);
      }
      after = rows.at(-1)?.user_id ?? null;
      more = rows.length === PAGE && after !== null;
    }
  },
};
