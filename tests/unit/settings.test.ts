import { readSettings, SettingsError } from "../../supabase/functions/_shared/settings.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";

const bucket = { S3_BUCKET: "bucket", S3_ACCESS_KEY: "key", S3_SECRET_KEY: "very secret" };

Deno.test("defaults", () => {
  const settings = readSettings(bucket);
  assertEquals(settings.maxFileSize, 50 * 1024 * 1024);
  assertEquals(settings.downloadExpiration, 3600);
  assertEquals(settings.uploadExpiration, 900);
  assertEquals(settings.allowedOrigins, ["*"]);
  assertEquals(settings.bucket?.region, "us-east-1");
});

Deno.test("an empty variable is an unset one", () => {
  assertEquals(readSettings({ ...bucket, S3_ENDPOINT: "" }).bucket?.endpoint, undefined);
});

Deno.test("without storage the bucket's variables are not needed", () => {
  assertEquals(readSettings({ USE_S3_STORAGE: "false" }).bucket, null);
});

Deno.test("each bad value is named, and none is shown", () => {
  const bad: [string, string][] = [
    ["USE_DATABASE", "maybe"],
    ["USE_S3_STORAGE", "1"],
    ["MAX_FILE_SIZE_MB", "-5"],
    ["S3_URL_EXPIRATION", "604801"],
    ["S3_UPLOAD_EXPIRATION", "3601"],
    ["S3_ENDPOINT", "not-a-url"],
    ["S3_ENDPOINT", "ftp://example.com"],
    ["ALLOWED_IMAGE_TYPES", "image/svg+xml"],
    ["ALLOWED_DOCUMENT_TYPES", "text/html"],
    ["LOG_LEVEL", "loud"],
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
