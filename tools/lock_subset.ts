/** A package of a lock file: what it needs, each by its name, or with its version where there are several. */
interface LockedPackage {
  dependencies?: string[];
  optionalDependencies?: string[];
  optionalPeers?: string[];
}

interface Lock {
  specifiers: Record<string, string>;
  npm: Record<string, LockedPackage>;
}

/** `name@version` of a key, which goes on with the peers that it was resolved with. */
export const ownName = (key: string) => key.replace(/(?<=.@[^_]*)_.*$/, "");

/**
 * The part of a lock file that some imports need.
 *
 * @param lock    text of deno.lock, version 5
 * @param imports of deno.json; only the targets that begin with `npm:` count
 */
export function packagesOf(lock: string, imports: Record<string, string>): string {
  const { specifiers, npm, ...rest }: Lock = JSON.parse(lock);
  const keys = Object.keys(npm);
  const keyOf = (wanted: string) =>
    keys.find((key) => key === wanted) ?? keys.find((key) => ownName(key) === wanted) ??
      keys.find((key) => key.startsWith(`${wanted}@`));
  const reached = new Set<string>();
  const follow = (wanted: string) => {
    // An alias is written `alias@npm:name@version`.
    const key = keyOf(wanted.replace(/^.*@npm:/, ""));
    if (!key || reached.has(key)) return;
    reached.add(key);
    const { dependencies = [], optionalDependencies = [], optionalPeers = [] } = npm[key]!;
    for (const next of [...dependencies, ...optionalDependencies, ...optionalPeers]) follow(next);
  };
  const targets = Object.values(imports).filter((target) => target.startsWith("npm:"));
  for (const target of targets) {
    const name = target.slice("npm:".length, target.lastIndexOf("@"));
    follow(`${name}@${specifiers[target]}`);
  }
  return JSON.stringify(
    {
      ...rest,
      specifiers: Object.fromEntries(targets.map((target) => [target, specifiers[target]])),
      npm: Object.fromEntries(Object.entries(npm).filter(([key]) => reached.has(key))),
    },
    null,
    2,
  );
}
