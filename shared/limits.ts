/**
 * How much goes into one request or one page. The contracts hold the functions to these numbers, and
 * the client library splits its work by them, which must not import zod.
 *
 * @module
 */

/** Files of one presign-upload and ids of one confirm-upload: each costs a row, a signature, a look. */
export const FILES_PER_REQUEST = 100;

/** Chats of one delete-chat. */
export const CHATS_PER_REQUEST = 100;

/** Ids of one presign-download. A signature takes about 0.5 ms of the 2 s of CPU that there are. */
export const DOWNLOADS_PER_REQUEST = 1000;

/**
 * Bytes that the client library has signed in one presign-upload: a slow line has to send them all
 * before the URLs expire.
 */
export const BYTES_PER_PRESIGN = 100 * 1024 * 1024;

/**
 * Bytes of the files' facts in one presign-upload, as JSON: a function reads 1 MiB, and what a list has
 * beside them is far less than the rest.
 */
export const FACTS_PER_PRESIGN = 1_000_000;

/** Rows of one answer: PostgREST cuts longer ones without an error (max_rows in config.toml). */
export const MAX_ROWS = 1000;

/** Rows of one insert: well below {@link MAX_ROWS}, and one short statement. */
export const ROWS_PER_INSERT = 500;

/** Characters of JSON of one insert. */
export const CHARACTERS_PER_INSERT = 1_000_000;

/** Chats of one page, where all are read. */
export const CHATS_PER_PAGE = 500;

/** Images or documents of one page: a description or metadata may hold 64 KiB. */
export const FILES_PER_PAGE = 100;

/** Bytes of rows that one page of messages asks for. */
export const PAGE_BYTES = 1_048_576;

/** Messages of one page; the database bounds it by bytes, too. */
export const MESSAGES_PER_PAGE = 500;

/** Messages of one page with their images and search results; the database bounds it by bytes, too. */
export const HISTORY_PER_PAGE = 50;

/** Texts of one page of a search: each costs a snippet. */
export const FOUND_TEXTS_PER_PAGE = 100;

/** Ids (36 characters each) that fit into a query string beside everything else. */
export const IDS_PER_QUERY = 150;

/** Boxes in one kind of coordinates of a search result. */
export const BOXES_PER_SEARCH_RESULT = 1000;
