/** A benchmark: one question, in a file of its own. */
import type { Figure } from "./figures.ts";
import type { Plot } from "./plot.ts";

/** What a benchmark is given. */
export interface Bench {
  /** Fewer rounds and rows: to see that it runs, not to be quoted. */
  quick: boolean;
  /** Adds a row to the answer. */
  add(figure: Figure): void;
  /** Adds a plot. */
  plot(plot: Plot): void;
  /** Adds what is no figure: a plan that is not what it should be. The goal is missed then. */
  fault(text: string): void;
  /** Says what is under way. */
  note(line: string): void;
}

/** A question, and how it is answered. */
export interface Question {
  /** One line, for `--help`. */
  title: string;
  answer(bench: Bench): Promise<void>;
}

/** Names a question. */
export function defineQuestion(question: Question): Question {
  return question;
}
