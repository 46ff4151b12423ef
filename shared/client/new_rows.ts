/** Rows, as `insertOnce` gave them, that did not exist before. */
export const newRows = new WeakSet<object>();
