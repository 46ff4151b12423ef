/** An id as PostgreSQL writes it, or a new one. */
export function idOf(id?: string): string {
  return id?.toLowerCase() ?? crypto.randomUUID();
}

/** An object without the fields that were left out: the database's defaults are meant. */
export function given<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Fields;
}
