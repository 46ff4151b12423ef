/** `supabase functions deploy --use-api` takes every file that a function needs. */
import { dirname, join } from "node:path";
import { PROJECT_ROOT, supabase } from "../../local/supabase_cli.ts";
import { assertEquals } from "../support/assert.ts";

const FUNCTIONS = Array.from(Deno.readDirSync(join(PROJECT_ROOT, "supabase/functions")))
  .map(({ name }) => name).filter((name) => !name.startsWith("_")).toSorted();

/** Stands in for the management API, and keeps what is uploaded in a folder for each function. */
function standIn(folder: string) {
  const deployed: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (req) => {
    const slug = new URL(req.url).searchParams.get("slug");
    if (!slug) {
      await req.body?.cancel();
      return Response.json([]);
    }
    for (const [name, part] of await req.formData()) {
      if (name !== "file" || !(part instanceof File)) continue;
      const path = join(folder, slug, part.name);
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(path, await part.bytes());
    }
    deployed.push(slug);
    const facts = { id: slug, slug, name: slug, status: "ACTIVE", version: 1, verify_jwt: false };
    return Response.json({ ...facts, created_at: 0, updated_at: 0 }, { status: 201 });
  });
  return { deployed, server };
}

Deno.test("each function starts from what was deployed alone", async () => {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-deploy-" });
  const { deployed, server } = standIn(folder);
  try {
    const url = `http://127.0.0.1:${server.addr.port}`;
    const profile = join(folder, "profile.yaml");
    const names = ["api_url", "dashboard_url", "docs_url"].map((name) => `${name}: ${url}`);
    await Deno.writeTextFile(
      profile,
      ["name: stand-in", "project_host: 127.0.0.1", ...names].join("\n"),
    );
    const { code, stderr } = await supabase(
      ["functions", "deploy", "--use-api", "--remote=abcdefghijklmnopqrst", "--yes"]
        .concat("--profile", profile),
      { SUPABASE_ACCESS_TOKEN: `sbp_${"0".repeat(40)}`, HOME: folder },
    );
    assertEquals(code, 0, stderr);
    assertEquals(deployed.toSorted(), FUNCTIONS);

    for (const name of FUNCTIONS) {
      const root = join(folder, name);
      // Packages come from the registry on the platform; here they are installed already.
      await Deno.symlink(join(PROJECT_ROOT, "node_modules"), join(root, "node_modules"));
      const script = `
        const { default: served } = await import("./supabase/functions/${name}/index.ts");
        const answer = await served.fetch(new Request("http://f/", { method: "OPTIONS" }));
        if (answer.status !== 204) throw new Error(String(answer.status));`;
      await Deno.writeTextFile(join(root, "run.ts"), script);
      const run = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-lock", "--node-modules-dir=manual", "run.ts"],
        cwd: root,
        env: { USE_S3_STORAGE: "false" },
        stdout: "null",
        stderr: "piped",
      }).output();
      assertEquals(run.code, 0, `${name}: ${new TextDecoder().decode(run.stderr)}`);
    }
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
});
