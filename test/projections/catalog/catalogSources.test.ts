import { PgClient } from "@effect/sql-pg"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { KnownProjections } from "../../../src/cli/projections/KnownProjections.ts"
import { newCatalogEntry } from "../../../src/cli/projections/newCatalogEntry.ts"
import { projectionSource } from "../../../src/cli/projections/newTemplates.ts"
import { Migrations } from "../../../src/database/Migrations.ts"
import { casino } from "../../../src/projections/catalog/casino.ts"
import { catalog } from "../../../src/projections/catalog/catalog.ts"
import { logins } from "../../../src/projections/catalog/logins.ts"
import { versionId } from "../../../src/projections/feed/VersionRef.ts"
import { fingerprint, firstFingerprint } from "../../../src/projections/fold/fingerprint.ts"
import { CatalogSources, sourcesIn } from "../../../src/projections/versions/CatalogSources.ts"
import { ProjectionCatalog } from "../../../src/projections/versions/ProjectionCatalog.ts"
import { runCommand, testSettings } from "../../cli/runCommand.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { testClients } from "../../support/service/TestService.ts"

const here = new URL("../../../src/projections/catalog/catalog.ts", import.meta.url)

interface Copy {
  readonly hashes: () => ReadonlyMap<string, string>
  readonly write: (file: string, text: string) => void
  readonly edit: (file: string, change: (text: string) => string) => void
}

/** A copy of the projections' sources, in which files are changed. */
const inCopy = (use: (copy: Copy) => void): void => {
  const folder = mkdtempSync(join(tmpdir(), "versions-sources-"))
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text)
  try {
    for (const part of ["projections", "fasttrack", "values"]) {
      cpSync(new URL(`../../${part}`, here), join(folder, part), { recursive: true })
    }
    use({
      hashes: () => sourcesIn(pathToFileURL(join(folder, "projections/catalog/catalog.ts"))),
      write,
      edit: (file, change) => {
        const before = readFileSync(join(folder, file), "utf8")
        const after = change(before)
        assert.notStrictEqual(after, before)
        write(file, after)
      }
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const changed = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>) =>
  [...before].filter(([id, hash]) => after.get(id) !== hash).map(([id]) => id).sort()

describe("sourcesIn", () => {
  it("knows every version of the catalog", () => {
    const hashes = sourcesIn(here)
    assert.deepStrictEqual(catalog.map(versionId).filter((id) => !hashes.has(id)), [])
    assert.strictEqual(hashes.size, catalog.length)
    assert.strictEqual(sourcesIn(new URL("nowhere.ts", here)).size, 0)
  })

  it("changes with the code of a version and with what it imports, and with no comment or layout", () =>
    inCopy(({ edit, hashes }) => {
      const before = hashes()
      assert.deepStrictEqual(changed(sourcesIn(here), before), [])

      edit("projections/catalog/logins.ts", (text) =>
        `// Logins.\n${text.replace(/\/\*\*[^]*?\*\//g, "").replaceAll("  ", "\t").replace("]\n", ",\n]\n")}`)
      assert.deepStrictEqual(changed(before, hashes()), [])
      edit("projections/catalog/logins.ts", (text) =>
        text.replace("login_count: 1", "login_count: 0 + 1"))
      assert.deepStrictEqual(changed(before, hashes()), ["logins v2"])

      edit("projections/catalog/casino.ts", (text) => text.replace("isPositive(amount)", "!!isPositive(amount)"))
      assert.includeMembers(changed(before, hashes()), ["activity v2", "casino v1", "casino_by_game v1", "logins v2"])
      assert.notInclude(changed(before, hashes()), "payments v1")
      // What runs all of them alike.
      const changedBefore = changed(before, hashes())
      edit("projections/fold/foldInOrder.ts", (text) => `${text}\nexport const more = 1\n`)
      edit("projections/projection/columns/amount.ts", (text) => `${text}\nexport const more = 1\n`)
      assert.deepStrictEqual(changed(before, hashes()), changedBefore)
      assert.notInclude(changedBefore, "win_streak v1")
    }))

  it("is the same for a version that was put aside for the next one", () =>
    inCopy(({ edit, hashes, write }) => {
      const source = projectionSource({ name: "bets", variable: "bets" }, "Catalog")
      write("projections/catalog/bets.ts", source)
      edit("projections/catalog/catalog.ts", (text) => newCatalogEntry(text, "bets", () => 0) ?? "")
      const before = hashes()
      assert.isDefined(before.get("bets v1"))
      write("projections/catalog/betsV1.ts", source.replace("export const bets =", "export const betsV1 ="))
      edit("projections/catalog/catalog.ts", (text) => newCatalogEntry(text, "betsV1", () => 1) ?? "")
      edit("projections/catalog/bets.ts", (text) => text.replace("version: 1", "version: 2").replace("bet_count: 1", "bet_count: 2"))
      const after = hashes()
      assert.strictEqual(after.get("bets v1"), before.get("bets v1"))
      assert.isDefined(after.get("bets v2"))
      assert.notStrictEqual(after.get("bets v2"), before.get("bets v1"))
    }))
})

layer(TestDatabase.layer, { excludeTestServices: true })("a catalog", (it) => {
  /** What is said at the start of code with these sources. */
  const start = (sources: Readonly<Record<string, string>>, projections = [casino, logins]) =>
    Effect.gen(function*() {
      const said: Array<string> = []
      const logger = Logger.make(({ message }) => {
        said.push(String(message))
      })
      yield* Effect.scoped(
        Layer.build(ProjectionCatalog.layer(projections).pipe(Layer.provide(Migrations.layer), Layer.provide(testClients)))
      ).pipe(
        Effect.provideService(CatalogSources, () => new Map(Object.entries(sources))),
        Effect.provide(Logger.layer([logger]))
      )
      return said.filter((line) => line.includes("source"))
    })
  const run = (sources: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>) =>
    Effect.flatMap(testSettings, (settings) =>
      runCommand(["projections", ...args], settings).pipe(
        Effect.provideService(KnownProjections, [casino, logins]),
        Effect.provideService(CatalogSources, () => new Map(Object.entries(sources)))
      ))
  const warning =
    "The source of logins v2 changed and the sample log shows no difference: check with `projections verify logins --version 2`."

  it.effect("warns of a changed source until the version was verified with it", () =>
    Effect.gen(function*() {
      const [before, after] = [{ "casino v1": "a", "logins v2": "b" }, { "casino v1": "a", "logins v2": "c" }]
      assert.deepStrictEqual(yield* start(before), [])
      assert.deepStrictEqual(yield* start(before), [])
      // Where the sources are not there to be read, nothing is known.
      assert.deepStrictEqual(yield* start({}), [])
      assert.deepStrictEqual(yield* start(after), [warning])
      assert.deepStrictEqual(yield* start(after), [warning])
      const listed = yield* run(after, "list")
      assert.match(listed.stdout, /^logins +2 +active, source changed /m)
      assert.include(listed.stdout, `\n\n${warning}\n`)
      // Code of before is in the right still.
      assert.deepStrictEqual(yield* start(before), [])

      assert.strictEqual((yield* run(after, "verify", "logins", "--version", "2")).code, 0)
      assert.deepStrictEqual(yield* start(after), [])
      assert.notInclude((yield* run(after, "list")).stdout, "source")
      assert.deepStrictEqual(yield* start(before), [warning])
    }), 30_000)

  it.effect(
    "goes on with versions that were registered by the first scheme, without a rebuild, unless they do something else",
    () =>
      Effect.gen(function*() {
        yield* start({})
        const sql = Context.get(yield* Layer.build(testClients), PgClient.PgClient)
        const stored = Effect.map(
          sql<{ identity: string; source: string | null; state: string }>`
          select identity, source, state from projection_versions where projection = 'casino'`,
          ([row]) => row
        )
        yield* sql`update projection_versions set identity = ${firstFingerprint(casino)}, source = null where projection = 'casino'`
        yield* start({ "casino v1": "s" })
        assert.deepStrictEqual(yield* stored, { identity: fingerprint(casino), source: "s", state: "following" })

        yield* sql`update projection_versions set identity = ${firstFingerprint(logins)} where projection = 'casino'`
        assert.strictEqual((yield* Effect.flip(start({})))._tag, "ProjectionChanged")
        assert.deepInclude(yield* stored, { identity: firstFingerprint(logins) })
      }),
    30_000
  )
})
