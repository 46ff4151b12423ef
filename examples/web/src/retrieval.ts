/**
 * Ranked retrieval: the passages of a document that match a question best (Okapi BM25).
 *
 * @module
 */
import type { Box } from "chat-archive";

/** A paragraph of a document, and where it stands: fractions of its page. */
export interface Block {
  document_id: string;
  block_id: string;
  page_number: number;
  text: string;
  coords_norm: Box;
}

/** A block that answers a question. */
export interface Passage extends Block {
  score: number;
}

// BM25's usual constants: how fast repetition stops counting, and how much length does.
const K1 = 1.2;
const B = 0.5;
/** Passages below this part of the best one's score say little. */
const LEAST_SCORE = 0.35;

const STOP_WORDS = new Set(
  ("a an and are as at be by can do does for from has have how i if in is it its many much of on or " +
    "that the there this to was what when where which who why will with you your " +
    "и в во не что он на я с со как а то все она так но да ты к у же вы за бы по ее мне есть для " +
    "или ли о об от до из это какой какая какие где когда почему сколько кто")
    .split(" "),
);

/** Endings that forms of one word differ in, English and Russian; the longest first. */
const ENDING =
  /(?:ations?|ions?|ors?|ingly|edly|ments?|ings?|ness|ers|ed|es|er|ly|s|ями|ами|ого|его|ому|ему|ыми|ими|иях|ях|ах|ия|ии|ий|ый|ой|ая|яя|ое|ее|ые|ие|ов|ев|ей|ом|ем|ам|ям|ть|ет|ит|ут|ют|ы|и|а|я|о|е|у|ю|ь)$/u;

/** The words that count, without their endings. */
export function terms(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
    .filter((word) => !STOP_WORDS.has(word))
    .map((word) => word.length > 4 ? word.replace(ENDING, "") : word.replace(/s$/, ""));
}

/**
 * The best passages, the best one first.
 *
 * @param except ids of blocks that were shown already
 */
export function findPassages(
  blocks: Block[],
  question: string,
  most: number,
  except: ReadonlySet<string> = new Set(),
): Passage[] {
  const wanted = new Set(terms(question));
  const counted = blocks.map((block) => {
    const words = terms(block.text);
    const counts = new Map<string, number>();
    for (const word of words) {
      if (wanted.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    return { block, counts, length: words.length };
  });
  const average = counted.reduce((sum, { length }) => sum + length, 0) /
    (blocks.length || 1);
  const rarity = new Map([...wanted].map((word) => {
    const having = counted.filter(({ counts }) => counts.has(word)).length;
    return [
      word,
      Math.log(1 + (blocks.length - having + 0.5) / (having + 0.5)),
    ];
  }));
  const ranked = counted.map(({ block, counts, length }) => {
    let score = 0;
    for (const [word, n] of counts) {
      score += rarity.get(word)! * n * (K1 + 1) /
        (n + K1 * (1 - B + B * length / average));
    }
    // A passage that has all words of the question says more than one that repeats some of them.
    return { ...block, score: score * counts.size / wanted.size };
  }).filter(({ score }) => score > 0).toSorted((a, b) => b.score - a.score);
  const least = (ranked[0]?.score ?? 0) * LEAST_SCORE;
  return ranked.filter(({ score, block_id }) => score >= least && !except.has(block_id))
    .slice(0, most);
}
