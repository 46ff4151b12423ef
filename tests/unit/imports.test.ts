/** Who imports whom: no circles, and nothing heavy where it must not be. */
import { assert, assertEquals } from "@std/assert";
import { circlesOf, importsOf, reachableFrom, readImports } from "../support/imports.ts";

const graph = await readImports("shared", "supabase/functions");

Deno.test("imports are read from a module's text, with what is a type only", () => {
  const text = `
import { z } from "zod";
import type { A } from "./a.ts";
import { type B, type C } from "@shared/b.ts";
import { type D, e } from "../e.ts";
export * from "./f.ts";
export type { G } from "./g.ts";
import "./h.ts";
/** import { no } from "./no.ts" */
// import { no } from "./no.ts"
const later = () => import("@aws-sdk/client-s3");
`;
  assertEquals(importsOf("shared/client/x.ts", text), [
    { target: "zod", typeOnly: false },
    { target: "shared/client/a.ts", typeOnly: true },
    { target: "shared/b.ts", typeOnly: true },
    { target: "shared/e.ts", typeOnly: false },
    { target: "shared/client/f.ts", typeOnly: false },
    { target: "shared/client/g.ts", typeOnly: true },
    { target: "shared/client/h.ts", typeOnly: false },
    { target: "@aws-sdk/client-s3", typeOnly: false },
  ]);
});

Deno.test("a circle is found, through types too", () => {
  const to = (target: string, typeOnly = false) => ({ target, typeOnly });
  const circular = new Map([
    ["a", [to("b")]],
    ["b", [to("c", true), to("d")]],
    ["c", [to("a")]],
    ["d", []],
  ]);
  assertEquals(circlesOf(circular), ["a → b → c → a"]);
});

Deno.test("no module of shared/ and of the functions imports itself by way of others", () => {
  assert(graph.size > 100, `${graph.size} modules were read`);
  assertEquals(circlesOf(graph), []);
});

Deno.test("a page imports the library without zod, and a package only to hash large files", () => {
  const reached = reachableFrom(graph, "shared/client/mod.ts");
  assert(reached.has("shared/client/upload_files.ts"), [...reached].join(" "));
  assertEquals([...reached].filter((path) => !graph.has(path)), ["@noble/hashes/sha2.js"]);
});
