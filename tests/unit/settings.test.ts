import { Failure } from "../../stack/failure.ts";
import { PROJECT_VARIABLES, readProjectSettings } from "../../stack/project_settings.ts";
import {
  BEHAVIOUR_VARIABLES,
  BUCKET_VARIABLES,
  readSettings,
  SettingsError,
} from "../../supabase/functions/_shared/settings.ts";
import { variablesOf } from "../support/env_file.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";

const bucket = { S3_BUCKET: "bucket", S3_ACCESS_KEY: "key", S3_SECRET_KEY: "very secret" };

Deno.test("defaults", () => {
  const settings = readSettings(bucket);
  assertEquals(settings.maxFileSize, 50 * 1024 * 1024);
  assertEquals(settings.downloadExpiration, 3600);
  assertEquals(settings.uploadExpiration, 900);
  assertEquals(settings.messageStreamTimeout, 900);
  assertEquals(settings.allowedOrigins, ["*"]);
  assertEquals(settings.bucket?.region, "us-east-1");
});

Deno.test("an empty variable is an unset one", () => {
  assertEquals(readSettings({ ...bucket, S3_ENDPOINT: "" }).bucket?.endpoint, undefined);
});

Deno.test("without storage the bucket's variables are not needed", () => {
  assertEquals(readSettings({ USE_S3_STORAGE: "false" }).bucket, null);
});

Deno.test("the key for uploads is whole, or there is none", () => {
  assertEquals(readSettings(bucket).bucket?.uploadKey, undefined);
  const pair = { S3_UPLOAD_ACCESS_KEY: "upload", S3_UPLOAD_SECRET_KEY: "very secret" };
  assertEquals(readSettings({ ...bucket, ...pair }).bucket?.uploadKey, {
    accessKeyId: "upload",
    secretAccessKey: "very secret",
  });
  for (const missing of Object.keys(pair)) {
    assertThrows(
      () => readSettings({ ...bucket, ...pair, [missing]: "" }),
      SettingsError,
      `${missing} is empty`,
    );
  }
});

Deno.test("each bad value is named, and none is shown", () => {
  const bad: [string, string][] = [
    ["USE_DATABASE", "maybe"],
    ["USE_S3_STORAGE", "1"],
    ["MAX_FILE_SIZE_MB", "-5"],
    ["MAX_FILE_SIZE_MB", "101"],
    ["S3_URL_EXPIRATION", "604801"],
    ["S3_UPLOAD_EXPIRATION", "3601"],
    ["MESSAGE_STREAM_TIMEOUT", "59"],
    ["MESSAGE_STREAM_TIMEOUT", "86401"],
    ["S3_ENDPOINT", "not-a-url"],
    ["S3_ENDPOINT", "ftp://example.com"],
    ["ALLOWED_IMAGE_TYPES", "image/svg+xml"],
    ["ALLOWED_DOCUMENT_TYPES", "text/html"],
    ["LOG_LEVEL", "loud"],
    ["DATABASE_LOG_LEVEL", "loud"],
    ["S3_PUBLIC_ENDPOINT", "nowhere"],
    ["S3_FORCE_PATH_STYLE", "yes"],
    ["S3_BUCKET", "x"],
  ];
  for (const [name, value] of bad) {
    const error = assertThrows(
      () => readSettings({ ...bucket, [name]: value }),
      SettingsError,
      name,
    );
    assert(!error.message.includes("very secret"));
  }
  assertThrows(() => readSettings({}), SettingsError, "S3_BUCKET");
});

Deno.test("of a bad value it is said what is allowed", () => {
  const cases = [
    ["MAX_FILE_SIZE_MB", "big", "must be a whole number from 1 to 100"],
    ["USE_DATABASE", "yes", "must be one of true, false"],
    ["S3_ENDPOINT", "localhost:9000", "must be an address that begins with https:// or http://"],
    ["S3_BUCKET", "x", "must have 3 to 63 characters"],
    ["S3_BUCKET", "", "is empty"],
    ["ALLOWED_IMAGE_TYPES", "image/svg+xml", "must be some of image/"],
    ["ALLOWED_IMAGE_TYPES", " , ", "must be some of image/"],
  ] as const;
  for (const [name, value, allowed] of cases) {
    assertThrows(
      () => readSettings({ ...bucket, [name]: value }),
      SettingsError,
      `bad settings: ${name} ${allowed}`,
    );
  }
});

Deno.test("the variables of a project are checked, and none is shown", () => {
  for (
    const [name, value] of [
      ["SUPABASE_URL", "hidden.example"],
      ["SUPABASE_ANON_KEY", "sb_secret_hidden"],
      ["SUPABASE_SERVICE_KEY", "sb_publishable_hidden"],
      ["DATABASE_URL", "https://hidden.example"],
    ] as const
  ) {
    const error = assertThrows(() => readProjectSettings({ [name]: value }), Failure, name);
    assert(!error.message.includes("hidden"));
  }
});

Deno.test(".env.example has every variable of the code, each with a comment, and no other", async () => {
  const { variables, uncommented } = await variablesOf(".env.example");
  assertEquals(
    Object.keys(variables).toSorted(),
    [...PROJECT_VARIABLES, ...BUCKET_VARIABLES, ...BEHAVIOUR_VARIABLES].toSorted(),
  );
  assertEquals(uncommented, []);
  readProjectSettings(variables);
});
