import { notLoaded } from "../not_loaded.ts";

/** Loads what saves messages. */
export const loadKeeping = () => import("./keeping.ts").catch(notLoaded);
