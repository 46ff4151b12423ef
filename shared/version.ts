/** Version of the project, as in deno.json. */
export const VERSION = "0.1.0";

/** Version of the newest migration: the functions need a database that has it. */
export const SCHEMA_VERSION = "20261126091000";
