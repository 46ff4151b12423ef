/** Numbers from here on are provisional: a device gives them to rows that the server does not have. */
export const FIRST_LOCAL_SEQ = 2 ** 52;
