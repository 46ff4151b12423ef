/** `deno task test --bucket`: which kinds of bucket a run has, and what it says of the others. */
import { Failure } from "../../stack/failure.ts";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { chooseKinds } from "../support/buckets/start_buckets.ts";

/** Runs work as if only these programs were installed. */
async function withPath<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = Deno.env.get("PATH")!;
  Deno.env.set("PATH", path);
  try {
    return await work();
  } finally {
    Deno.env.set("PATH", before);
  }
}

async function withPrograms<T>(programs: string[], work: () => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-programs-" });
  try {
    for (const name of programs) await Deno.writeTextFile(`${folder}/${name}`, "");
    return await withPath(folder, work);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ALL = ["ceph-mon", "ceph-osd", "radosgw", "radosgw-admin"];

Deno.test("by default a run has all kinds that are there, and names the others", async () => {
  assertEquals(await withPrograms(ALL, () => chooseKinds(undefined)), {
    kinds: ["embedded", "lenient", "ceph"],
    skipped: [],
  });
  assertEquals(await withPrograms(["ceph-osd"], () => chooseKinds(undefined)), {
    kinds: ["embedded", "lenient"],
    skipped: ["skipped: tests of buckets on ceph (there is no ceph-mon, radosgw, ceph-common)"],
  });
});

Deno.test("a kind that was asked for is alone, and the others are named", async () => {
  const { kinds, skipped } = await withPrograms([], () => chooseKinds("lenient"));
  assertEquals(kinds, ["lenient"]);
  assertEquals(skipped, [
    "skipped: tests of buckets on embedded (not asked for)",
    "skipped: tests of buckets on ceph (not asked for)",
  ]);
});

Deno.test("Ceph, asked for and not installed: what is missing, and exit code 2", async () => {
  for (const asked of ["ceph", "all"]) {
    const { exitCode, message, advice } = await assertRejects(
      () => withPrograms(["radosgw"], () => chooseKinds(asked)),
      Failure,
    );
    assertEquals(exitCode, 2);
    assertMatch(message, /needs Debian's ceph-mon, ceph-osd, ceph-common$/);
    assertMatch(advice, /apt-get install ceph-mon ceph-osd radosgw ceph-common/);
  }
  await assertRejects(() => chooseKinds("minio"), Failure, "--bucket minio");
});
