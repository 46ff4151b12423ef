/** What a device's store promises, whichever it is: transactions that are whole, and alone. */
import { join } from "node:path";
import { memoryStore, type OfflineStore } from "@shared/client/mod.ts";
import { diskStore } from "@shared/client/node/disk_store.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";

/** Opens a store several times, as tabs or processes do. */
type Open = () => OfflineStore;

async function onDisk(work: (open: Open, path: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-store-" });
  const stores: OfflineStore[] = [];
  const path = join(folder, "sub", "store.db");
  try {
    await work(() => {
      const store = diskStore(path);
      stores.push(store);
      return store;
    }, path);
  } finally {
    for (const store of stores) await store.close();
    await Deno.remove(folder, { recursive: true });
  }
}

async function inMemory(work: (open: Open) => Promise<void>) {
  const store = memoryStore();
  await work(() => store);
}

const KINDS = { "in memory": inMemory, "on disk": onDisk };

for (const [kind, using] of Object.entries(KINDS)) {
  Deno.test(`a store ${kind} gives entries in the order of their keys, by prefix`, async () => {
    await using(async (open) => {
      const store = open();
      const value = { text: "ж\n", list: [1, null] };
      await store.transact(async (tx) => {
        for (const key of ["b/2", "a/2", "a/10", "a/1", "ab/1"]) tx.set(key, value);
        tx.set("a/2", undefined);
        await Promise.resolve();
      });
      const read = (prefix: string) => open().transact((tx) => tx.read(prefix));
      assertEquals(await read("a/"), [["a/1", value], ["a/10", value]]);
      assertEquals((await read("")).map(([key]) => key), ["a/1", "a/10", "ab/1", "b/2"]);
      assertEquals(await store.transact((tx) => tx.get("nothing")), undefined);
    });
  });

  Deno.test(`a transaction ${kind} that fails changes nothing`, async () => {
    await using(async (open) => {
      const store = open();
      await store.transact((tx) => Promise.resolve(tx.set("a", 1)));
      await assertRejects(
        () =>
          store.transact(async (tx) => {
            tx.set("a", 2);
            tx.set("b", 2);
            assertEquals(await tx.get("a"), 2, "it reads what it has written");
            throw new Error("no");
          }),
        Error,
        "no",
      );
      assertEquals(await store.transact((tx) => tx.read("")), [["a", 1]]);
    });
  });

  Deno.test(`transactions ${kind} are alone, however many have the store open`, async () => {
    await using(async (open) => {
      const stores = [open(), open(), open()];
      const count = (store: OfflineStore) =>
        store.transact(async (tx) => {
          const n = Number(await tx.get("n") ?? 0);
          await tx.read("");
          tx.set("n", n + 1);
        });
      await Promise.all(Array.from({ length: 90 }, (_, n) => count(stores[n % 3]!)));
      assertEquals(await stores[0]!.transact((tx) => tx.get("n")), 90);
    });
  });
}

Deno.test("processes share a store on disk, which only their user may read", async () => {
  await onDisk(async (open, path) => {
    const code = `
      const { diskStore } = await import("${new URL(
      "../../shared/client/node/disk_store.ts",
      import.meta.url,
    )}");
      const store = diskStore(Deno.args[0]);
      for (let n = 0; n < 100; n++) {
        await store.transact(async (tx) => tx.set("n", Number(await tx.get("n") ?? 0) + 1));
      }
      await store.close();`;
    const run = () => new Deno.Command(Deno.execPath(), { args: ["eval", code, path] }).output();
    const outputs = await Promise.all([run(), run()]);
    for (const { code, stderr } of outputs) assertEquals(code, 0, new TextDecoder().decode(stderr));
    assertEquals(await open().transact((tx) => tx.get("n")), 200);
    for await (const { name } of Deno.readDir(join(path, ".."))) {
      const { mode } = await Deno.stat(join(path, "..", name));
      assertEquals(mode! & 0o777, 0o600, name);
    }
  });
});

Deno.test("a process that is killed in a transaction leaves the store as it was", async () => {
  await onDisk(async (open, path) => {
    const code = `
      const { diskStore } = await import("${new URL(
      "../../shared/client/node/disk_store.ts",
      import.meta.url,
    )}");
      const store = diskStore(Deno.args[0]);
      await store.transact((tx) => Promise.resolve(tx.set("a", 1)));
      await store.transact((tx) => {
        tx.set("a", 2);
        Deno.kill(Deno.pid, "SIGKILL");
        return Promise.resolve();
      });`;
    const { success } = await new Deno.Command(Deno.execPath(), { args: ["eval", code, path] })
      .output();
    assert(!success);
    assertEquals(await open().transact((tx) => tx.read("")), [["a", 1]]);
  });
});
