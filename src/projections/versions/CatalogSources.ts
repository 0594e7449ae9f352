import * as Context from "effect/Context"
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { versionId } from "../feed/VersionRef.ts"
import { own } from "../own/ownProjections.ts"
import { withoutLayout } from "./withoutLayout.ts"

/**
 * Hashes of the sources of the versions in the catalog, by {@link versionId}; nothing of those
 * whose source is not there to be read.
 */
export type SourceHashes = ReadonlyMap<string, string>

/**
 * Where the sources of the versions are: those of this code's catalog and of the folder of your
 * own, unless somebody has others to try.
 */
export const CatalogSources = Context.Reference<() => SourceHashes>("playtally/projections/CatalogSources", {
  defaultValue: () => () => new Map([...sourcesOfCatalog(), ...sourcesOf(own.files)])
})

/** What `scripts/build.ts` has noted of the sources, which an installed package does not have. */
const noted = new URL("./sources.json", import.meta.url)

const sourcesOfCatalog = (): SourceHashes =>
  existsSync(noted)
    ? new Map(Object.entries<string>(JSON.parse(readFileSync(noted, "utf8"))))
    : sourcesIn(new URL("../catalog/catalog.ts", import.meta.url))

/**
 * Reads the source of each version that a catalog imports: the file that declares it, and all that
 * it imports from files beside it, further and further. What `Projection.ts` reaches is left out,
 * the kinds of columns among it: it runs all projections alike. Comments, layout, names of files
 * and the name of the constant make no difference.
 */
export const sourcesIn = (catalog: URL): SourceHashes => sourcesOf(read(catalog)?.imports ?? [])

/** The same of versions in these files. */
export const sourcesOf = (files: ReadonlyArray<URL>): SourceHashes => {
  const modules = new Map<string, Module | undefined>()
  const moduleAt = (url: URL): Module | undefined => {
    if (!modules.has(url.href)) modules.set(url.href, read(url))
    return modules.get(url.href)
  }
  const hashes = new Map<string, string>()
  for (const url of files) {
    const reached = new Map<string, Module>()
    const isWhole = reach(url, moduleAt, reached)
    if (!isWhole) continue
    const hash = createHash("sha256").update([...reached.values()].map((module) => module.hash).sort().join()).digest("hex")
    for (const id of moduleAt(url)?.declares ?? []) hashes.set(id, hash)
  }
  return hashes
}

interface Module {
  readonly hash: string
  readonly imports: ReadonlyArray<URL>
  readonly declares: ReadonlyArray<string>
}

/** Collects a module and all that it imports; false if a module cannot be read. */
const reach = (url: URL, moduleAt: (url: URL) => Module | undefined, reached: Map<string, Module>): boolean => {
  if (reached.has(url.href) || /\/Projection\.ts$|\/projection\/columns\//.test(url.pathname)) return true
  const module = moduleAt(url)
  if (module === undefined) return false
  reached.set(url.href, module)
  return module.imports.every((imported) => reach(imported, moduleAt, reached))
}

/** Imports of values from files beside a module. */
const imported = /\b(?:import|export)(?! type\b)(?:[^"'`();]*?\bfrom|)["'](\.{1,2}\/[^"']+)["']/g
const declared = /\bname:"([a-z0-9_]+)"(?:.*?)\bversion:(\d+)\b/g
const constant = /\bexport const \w+=Projection\.make\(/g

const read = (url: URL): Module | undefined => {
  let text: string
  try {
    text = withoutLayout(readFileSync(url, "utf8"))
  } catch {
    // Another form of the code is run, without its sources.
    return undefined
  }
  return {
    hash: createHash("sha256").update(text.replace(constant, "Projection.make(")).digest("hex"),
    imports: [...text.matchAll(imported)].map(([, path = ""]) => new URL(path, url)),
    declares: text.match(constant) === null
      ? []
      : [...text.matchAll(declared)].map(([, name = "", version]) => versionId({ name, version: Number(version) }))
  }
}
