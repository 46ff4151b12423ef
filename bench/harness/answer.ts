/** The answer to a question, as it is printed, kept and put into the document. */
import type { Circumstances } from "./circumstances.ts";
import { type Figure, isMissed, tableOf } from "./figures.ts";
import type { Plot } from "./plot.ts";

/** What a benchmark told. */
export interface Answer {
  name: string;
  title: string;
  quick: boolean;
  circumstances: Circumstances;
  figures: Figure[];
  plots: Plot[];
  faults: string[];
}

/** What is missed, a line each. */
export function missedBy({ figures, faults }: Answer): string[] {
  return [...figures.filter(isMissed).map(({ what }) => what), ...faults];
}

/** When, what and where: one line. */
function origin({ circumstances, quick }: Answer): string {
  const { date, commit, machine, load: [before, after] } = circumstances;
  const kind = quick ? "Quick, not to be quoted. " : "";
  return `${kind}${date}, ${commit}; ${machine}; load ${before} to ${after}.`;
}

/** The answer as Markdown. */
export function markdownOf(answer: Answer): string {
  const faults = answer.faults.map((fault) => `- ${fault}`).join("\n");
  const plots = answer.plots.map(({ name, title }) => `![${title}](plots/${name}.svg)`);
  return [tableOf(answer.figures), ...plots, ...(faults ? [faults] : []), origin(answer)]
    .join("\n\n");
}
