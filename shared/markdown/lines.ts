/**
 * Lines of Markdown, and what some of them begin (CommonMark 0.31).
 *
 * @module
 */
import { storableText } from "../storable.ts";

/** A line of which one of those below may be true. Most are not. */
export const SUSPECT = /^[\s>*+\-0-9.)]*(?:\[|`{3}|~{3}|:::|<)/;

/** Fence that opens a code block, its indentation taken away. */
export const OPENING_FENCE = /^(`{3,}(?=[^`]*$)|~{3,})/;

/** Fence that closes one, with its indentation. */
export const CLOSING_FENCE = /^([ \t]*)(`{3,}|~{3,})[ \t]*$/;

/** `[label]: …`, also inside lists and quotes, and `[` whose label goes on in the next line. */
export const DEFINITION = /^([\s>*+\-0-9.)]*)\[(?=(?:[^\]\\]|\\.)+\]:|(?:[^\]\\]|\\.|\\$)*$)/;

/** A fence that may lie in a list or a quote, or stand on its own: only a whole parser could tell. */
export const UNCERTAIN_FENCE = /^[\s>*+\-0-9.)]+(`{3,}|~{3,})/;

/**
 * Splits a text into lines as CommonMark does, without what Markdown or terminals can't carry.
 *
 * @returns at least one line
 */
export function linesOf(text: string): string[] {
  const clean = storableText(text);
  return clean.includes("\r") ? clean.split(/\r\n|\r|\n/) : clean.split("\n");
}

/** @returns whether a line ends a paragraph */
export function isBlank(line: string): boolean {
  return line === "" || (line[0] === " " || line[0] === "\t") && /^[ \t]+$/.test(line);
}
