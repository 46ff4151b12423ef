/** The last work of each name, by whom it is for. */
const last = new WeakMap<object, Map<string, Promise<unknown>>>();

/**
 * Runs work after all earlier work of the same name: an older list that arrives late would undo a newer
 * one.
 *
 * @param owner whose names they are
 * @returns what the work returns
 */
export async function inTurn<T>(owner: object, name: string, work: () => Promise<T>): Promise<T> {
  const turns = last.get(owner) ?? new Map<string, Promise<unknown>>();
  last.set(owner, turns);
  const turn = (turns.get(name) ?? Promise.resolve()).then(work, work);
  turns.set(name, turn);
  try {
    return await turn;
  } finally {
    if (turns.get(name) === turn) turns.delete(name);
  }
}
