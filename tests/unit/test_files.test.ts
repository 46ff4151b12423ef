/** Which tests need an embedded stack shows in their names, and how the suite is shared out. */
import { assert, assertEquals } from "@std/assert";
import { moduleGraph, reachedFrom } from "../support/module_graph.ts";
import { batchesOf, needsEmbeddedStack, testFiles } from "../support/test_files.ts";

/** What runs parts of an embedded stack, starts it as a process, or opens the page that it alone serves. */
const EMBEDDED_PARTS =
  /^(stack\/(stack|database|postgres\w*)|tests\/support\/(stack_process|web_page))\.ts$/;

const files = await testFiles(["tests"]);

Deno.test("exactly the files that load parts of an embedded stack are named *.embedded.test.ts", async () => {
  const graph = await moduleGraph(files);
  const loading = files.filter((file) =>
    [...reachedFrom(graph, file)].some((path) => EMBEDDED_PARTS.test(path))
  );
  assertEquals(files.filter(needsEmbeddedStack), loading);
  assert(loading.length > 0 && loading.length < files.length);
});

Deno.test("jobs share all files out, each once, those that take longest first", () => {
  for (const jobs of [1, 2, 4]) {
    const shared = batchesOf(files, jobs).flat();
    assertEquals(shared.toSorted(), files.toSorted());
    assert(jobs === 1 || needsEmbeddedStack(shared[0]!));
  }
});
