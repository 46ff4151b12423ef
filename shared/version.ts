/** Version of the project, as in deno.json. */
export const VERSION = "0.1.0";

/** The newest migration: what the functions of this version need of the database. */
export const SCHEMA_VERSION = "20261126090800";
