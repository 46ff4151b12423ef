/** Things that must be said twice say the same. */
import { join } from "node:path";
import { CONTRACTS } from "@shared/contracts/contracts.ts";
import { EXTENSION_OF } from "@shared/object-keys.ts";
import { SCHEMA_VERSION, VERSION } from "@shared/version.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { readSettings } from "../../supabase/functions/_shared/settings.ts";
import { assert, assertEquals } from "@std/assert";
import { variablesOf } from "../support/env_file.ts";
import { reachableFrom, readImports } from "../support/imports.ts";
import { directPackages, pagePackages } from "../support/packages.ts";

const read = (path: string) => Deno.readTextFile(join(PROJECT_ROOT, path));
const functions = Array.from(Deno.readDirSync(join(PROJECT_ROOT, "supabase/functions")))
  .filter(({ name, isDirectory }) => isDirectory && !name.startsWith("_"))
  .map(({ name }) => name).toSorted();

Deno.test("there is one version", async () => {
  assertEquals(JSON.parse(await read("deno.json")).version, VERSION);
  assertEquals(JSON.parse(await read("docs/openapi.json")).info.version, VERSION);
  const [, newest] = /^## \[(\d.*?)\]/m.exec(await read("CHANGELOG.md"))!;
  assertEquals(newest, VERSION);
});

Deno.test("the schema's version is that of the newest migration", () => {
  const newest = Array.from(
    Deno.readDirSync(join(PROJECT_ROOT, "supabase/migrations")),
    ({ name }) => name,
  ).toSorted().at(-1)!;
  assert(newest.startsWith(`${SCHEMA_VERSION}_`), `${newest} and shared/version.ts differ`);
});

Deno.test("dependencies are pinned exactly", async () => {
  for (const [name, version] of [...await directPackages(), ...await pagePackages()]) {
    assert(/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version), `${name}: ${version}`);
  }
});

Deno.test("the functions' import map says what deno.json says", async () => {
  const here = JSON.parse(await read("deno.json")).imports;
  const { imports } = JSON.parse(await read("supabase/functions/import_map.json"));
  const { "@shared/": shared, ...packages } = imports;
  assertEquals(join("supabase/functions", shared, "/"), join(here["@shared/"], "/"));
  for (const [name, target] of Object.entries(packages)) {
    const [found] = /^(@[\w-]+\/)?[\w-]+/.exec(name)!;
    assertEquals(target, here[found] + name.slice(found.length));
  }
});

Deno.test("the functions' import map names whatever they import: an old runtime takes it literally", async () => {
  const graph = await readImports("shared", "supabase/functions");
  const imported = functions.flatMap((
    name,
  ) => [...reachableFrom(graph, `supabase/functions/${name}/index.ts`)]);
  const { imports } = JSON.parse(await read("supabase/functions/import_map.json"));
  const packages = new Set(
    imported.filter((path) => !graph.has(path) && !path.startsWith("node:")),
  );
  assert(packages.size > 4, `found only ${[...packages].join(", ")}`);
  assertEquals([...packages].filter((name) => !(name in imports)), []);
});

Deno.test("each function has a contract, a handler, a test and its block in config.toml", async () => {
  const config = await read("supabase/config.toml");
  const blocks = [...config.matchAll(/^\[functions\.([\w-]+)\]$/gm)].map(([, name]) => name);
  assertEquals(blocks.toSorted(), functions);
  assertEquals(CONTRACTS.map(({ name }) => name).toSorted(), functions);
  for (const name of functions) {
    await Deno.stat(join(PROJECT_ROOT, `shared/contracts/${name}.ts`));
    await Deno.stat(join(PROJECT_ROOT, `supabase/functions/${name}/handler.ts`));
    await Deno.stat(join(PROJECT_ROOT, `tests/functions/${name}.test.ts`));
    assert(config.includes(`entrypoint = "./functions/${name}/index.ts"`));
  }
});

Deno.test(".env.example is accepted as it stands", async () => {
  const settings = readSettings((await variablesOf(".env.example")).variables);
  assertEquals(settings, {
    ...readSettings({ S3_BUCKET: "xxx", S3_ACCESS_KEY: "x", S3_SECRET_KEY: "x" }),
    bucket: settings.bucket,
  }, "the example's values are the defaults");
});

Deno.test("supabase/functions/.env.example differs in the bucket's two addresses only", async () => {
  const outside = readSettings((await variablesOf(".env.example")).variables).bucket!;
  assertEquals(
    readSettings((await variablesOf("supabase/functions/.env.example")).variables).bucket,
    {
      ...outside,
      endpoint: "http://kong:8000/storage/v1/s3",
      publicEndpoint: outside.endpoint,
    },
  );
});

Deno.test("the bucket of config.toml takes what the functions allow, and no more", async () => {
  const { S3_BUCKET } = (await variablesOf(".env.example")).variables;
  const config = await read("supabase/config.toml");
  const block = config.split(/^(?=\[)/m).find((one) =>
    one.startsWith(`[storage.buckets.${S3_BUCKET}]`)
  );
  const { maxFileSize } = readSettings({ USE_S3_STORAGE: "false" });
  assert(block, `no block for ${S3_BUCKET}`);
  const value = (key: string) => new RegExp(`^${key} = (.*)$`, "m").exec(block)?.[1];
  assertEquals(value("public"), "false");
  assertEquals(value("file_size_limit"), `"${maxFileSize / 1024 / 1024}MiB"`);
  assertEquals(JSON.parse(value("allowed_mime_types")!), Object.keys(EXTENSION_OF));
});

/** Paths of all files below a folder of the project. */
function filesBelow(folder: string): string[] {
  return Array.from(Deno.readDirSync(join(PROJECT_ROOT, folder))).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory ? filesBelow(path) : [path];
  });
}

Deno.test("the AWS SDK is loaded where it is used, and not before", async () => {
  for (const folder of ["supabase/functions", "stack", "tools", "shared"]) {
    for (const file of filesBelow(folder).filter((name) => name.endsWith(".ts"))) {
      const eager = (await read(file))
        .match(/^(import|export)(?! type)\b[^;]* from "@(aws-sdk|smithy)\//m);
      assertEquals(eager?.[0], undefined, file);
    }
  }
});

Deno.test("no function imports another function's folder", async () => {
  for (const name of functions) {
    for (const file of filesBelow(`supabase/functions/${name}`)) {
      const others = [...(await read(file)).matchAll(/\b(?:from|import)\b[\s(]*"\.\.\/([\w-]+)\//g)]
        .map(([, folder]) => folder).filter((folder) => folder !== "_shared");
      assertEquals(others, [], file);
    }
  }
  for (const file of filesBelow("supabase/functions/_shared")) {
    assert(!/\b(?:from|import)\b[\s(]*"\.\.\//.test(await read(file)), file);
  }
});

Deno.test("the error class loads the codes alone: only types come from the contract", async () => {
  const importsOf = async (
    file: string,
  ) => [...(await read(file)).matchAll(/^(?:import|export)\b[^;]* from "(.*)";$/gm)];
  const loaded = (await importsOf("shared/errors.ts"))
    .filter(([line]) => !/^(import|export) type /.test(line)).map(([, from]) => from!);
  assertEquals([...new Set(loaded)], ["./error_codes.ts"]);
  assertEquals(await importsOf("shared/error_codes.ts"), []);
});

Deno.test("shared/ is portable, but for what an application imports by itself on Node and Deno", async () => {
  for (const file of filesBelow("shared").filter((path) => path.endsWith(".ts"))) {
    const code = (await read(file)).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    assert(!/\bDeno\.|@aws-sdk|process\.env/.test(code), file);
    if (!file.startsWith("shared/client/node/")) {
      assert(!/node:|client\/node\/|\.\/node\//.test(code), file);
    }
  }
});
