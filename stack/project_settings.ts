/**
 * Where a project is, for programs outside of it.
 *
 * @module
 */
import { z } from "zod";
import {
  Address,
  parseEnvironment,
  SettingsError,
} from "../supabase/functions/_shared/settings.ts";
import { misuse } from "./failure.ts";

const Project = z.object({
  SUPABASE_URL: Address.optional(),
  SUPABASE_ANON_KEY: z.string().regex(/^(sb_publishable_|eyJ)/, "must be a publishable key")
    .optional(),
  SUPABASE_SERVICE_KEY: z.string().regex(/^(sb_secret_|eyJ)/, "must be a secret key").optional(),
  DATABASE_URL: z.url({
    protocol: /^postgres(ql)?$/,
    error: "must be an address like postgresql://user:password@host:5432/database",
  }).optional(),
});

/** Names of the variables. */
export const PROJECT_VARIABLES = Object.keys(Project.shape);

/** What the environment says of a project. */
export type ProjectSettings = z.infer<typeof Project>;

/** Reads and checks SUPABASE_* and DATABASE_URL. @throws {Failure} naming what is wrong */
export function readProjectSettings(env: Record<string, string | undefined>): ProjectSettings {
  try {
    return parseEnvironment(Project, env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw misuse(error.message, "See .env.example.", { cause: error });
  }
}
