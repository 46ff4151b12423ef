/** An id as PostgreSQL writes it, or a new one. */
export function idOf(id?: string): string {
  // What is no text is refused by the server, with its field.
  return id === undefined ? crypto.randomUUID() : String(id).toLowerCase();
}

/** An object without the fields that were left out: the database's defaults are meant. */
export function given<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Fields;
}

/** Gives each row its id and chat. */
export function identified<Row extends { id?: string }>(
  chat_id: string,
  rows: Row[],
): (Row & { id: string; chat_id: string })[] {
  return rows.map((row) => given({ ...row, id: idOf(row.id), chat_id: idOf(chat_id) }));
}
