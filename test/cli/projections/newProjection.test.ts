import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import { spawn } from "node:child_process"
import { inject } from "vitest"
import { KnownProjections } from "../../../src/cli/projections/KnownProjections.ts"
import { newCatalogEntry } from "../../../src/cli/projections/newCatalogEntry.ts"
import { createOwnProjection, createProjection } from "../../../src/cli/projections/newProjection.ts"
import { createVersion } from "../../../src/cli/projections/newVersion.ts"
import { casino } from "../../../src/projections/catalog/casino.ts"
import { pageSamples } from "../../support/projections/pageSamples.ts"

const root = new URL("../../../", import.meta.url).pathname

/** A working copy as a developer has it, without what the projections have nothing to do with. */
const workingCopy = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const copy = yield* fs.makeTempDirectoryScoped()
  for (
    const file of [
      "package.json",
      "package-lock.json",
      "dprint.json",
      ".oxlintrc.json",
      "vitest.config.ts",
      "test/programs.ts",
      "scripts",
      "src",
      "test/support",
      "test/oracle"
    ]
  ) {
    yield* fs.makeDirectory(path.dirname(path.join(copy, file)), { recursive: true })
    yield* fs.copy(path.join(root, file), path.join(copy, file))
  }
  yield* fs.makeDirectory(path.join(copy, "test/projections/catalog"), { recursive: true })
  yield* fs.symlink(path.join(root, "node_modules"), path.join(copy, "node_modules"))
  const config = JSON.parse(yield* fs.readFileString(path.join(root, "tsconfig.json"))) as object
  yield* fs.writeFileString(
    path.join(copy, "tsconfig.json"),
    JSON.stringify({ ...config, include: ["src/projections/catalog/catalog.ts", "test/projections", "own"] })
  )
  return copy
})

/** What the scripts of package.json do, in a working copy: their output, and how they ended. */
const run = (copy: string, ...args: ReadonlyArray<string>) =>
  Effect.promise(() =>
    new Promise<{ readonly code: number | null; readonly output: string }>((resolve) => {
      const child = spawn(process.execPath, ["scripts/run.mjs", ...args], {
        cwd: copy,
        env: { ...process.env, TEST_DATABASE_URL: inject("databaseUrl"), NO_COLOR: "1" },
        stdio: ["ignore", "pipe", "pipe"]
      })
      let output = ""
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output += String(chunk))
      child.on("close", (code) => resolve({ code, output }))
    })
  )

/** A spec of nothing but the laws. */
const lawsOf = (variable: string) =>
  `import { it } from "vitest"
import { ${variable} } from "../../../src/projections/catalog/${variable}.ts"
import { projectionSpec } from "../../support/projections/projectionSpec.ts"

it("keeps the laws of folds", projectionSpec(${variable}).keepsTheLaws)
`

layer(NodeServices.layer, { excludeTestServices: true })("projections new", (it) => {
  const isDeno = process.versions["deno"] !== undefined

  // The programs that check the files are Node's.
  it.effect.skipIf(isDeno)(
    "writes files that compile, lint, are formatted, and pass their spec, as the page's samples do",
    () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const copy = yield* workingCopy
        yield* createProjection(copy, "big_bets")
        const longest = `n${"o".repeat(39)}`
        yield* createProjection(copy, longest)
        yield* createVersion(copy, "casino_by_game")
        // What a reader of docs/projections.md does, with the samples in place of what is written.
        const samples = pageSamples(yield* fs.readFileString(`${root}docs/projections.md`))
        const favourites = yield* createProjection(copy, "favourite_games")
        yield* fs.writeFileString(`${copy}/${favourites.source}`, samples.source)
        yield* createVersion(copy, "favourite_games").pipe(
          Effect.provideService(KnownProjections, [{ ...casino, name: "favourite_games", version: 1 }])
        )
        yield* fs.writeFileString(
          `${copy}/test/projections/catalog/favouriteGamesV1.test.ts`,
          samples.spec.replaceAll("favouriteGames", "favouriteGamesV1")
        )
        const second = yield* fs.readFileString(`${copy}/${favourites.source}`)
        yield* fs.writeFileString(`${copy}/${favourites.source}`, samples.changedSource(second))
        yield* fs.writeFileString(`${copy}/${favourites.spec}`, samples.changedSpec)
        const ranked = yield* createProjection(copy, "weekly_stakes")
        yield* fs.writeFileString(`${copy}/${ranked.source}`, samples.ranked)
        yield* fs.writeFileString(`${copy}/${ranked.spec}`, lawsOf("weeklyStakes"))
        // A folder of the reader's own.
        yield* createOwnProjection(`${copy}/own`, "big_wins")
        yield* fs.writeFileString(`${copy}/own/biggestRound.ts`, samples.own)
        const files = [
          "own/bigWins.ts",
          "own/biggestRound.ts",
          ...["bigBets", longest, "favouriteGames", "favouriteGamesV1", "weeklyStakes"].flatMap((
            name
          ) => [`src/projections/catalog/${name}.ts`, `test/projections/catalog/${name}.test.ts`]),
          ...["casinoByGame", "casinoByGameV1"].map((name) => `src/projections/catalog/${name}.ts`)
        ]
        for (const file of files) assert.isTrue(yield* fs.exists(`${copy}/${file}`), file)
        const ended = yield* Effect.all([
          run(copy, "types"),
          run(copy, "lint", "src/projections", "test/projections", "own"),
          run(copy, "format:check", ...files, "src/projections/catalog/catalog.ts"),
          run(copy, "test", "test/projections/catalog")
        ], { concurrency: 2 })
        for (const { code, output } of ended) assert.strictEqual(code, 0, output)
        assert.match(ended[3].output, /Tests +16 passed/)
      }),
    60_000
  )

  it.effect("keeps a version beside the next, in the catalog too", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const copy = yield* workingCopy
      const read = (file: string) => fs.readFileString(`${copy}/src/projections/${file}`)
      const [before, catalog] = [yield* read("catalog/casino.ts"), yield* read("catalog/catalog.ts")]
      assert.deepStrictEqual(yield* createVersion(copy, "casino"), {
        source: "src/projections/catalog/casino.ts",
        spec: "test/projections/catalog/casino.test.ts",
        kept: "src/projections/catalog/casinoV1.ts",
        version: 2
      })
      assert.strictEqual(yield* read("catalog/casino.ts"), before.replace("version: 1", "version: 2"))
      assert.strictEqual(yield* read("catalog/casinoV1.ts"), before.replace("export const casino =", "export const casinoV1 ="))
      const after = yield* read("catalog/catalog.ts")
      assert.match(after, /\[\n {2}casino,\n {2}casinoV1,\n/)
      assert.strictEqual(after.replace(`import { casinoV1 } from "./casinoV1.ts"\n`, "").replace("  casinoV1,\n", ""), catalog)

      const message = (name: string) => Effect.map(Effect.flip(createVersion(copy, name)), (error) => error.message)
      assert.match(yield* message("casino"), /casinoV1\.ts exists already/)
      assert.match(yield* message("nothing"), /This code has no projection nothing/)
      yield* fs.writeFileString(`${copy}/src/projections/catalog/sports.ts`, "export const sports = other\n")
      assert.match(yield* message("sports"), /sports\.ts does not look as expected/)
    }))

  it.effect("refuses what there is already, and what cannot be a name, and changes nothing", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const copy = yield* workingCopy
      const catalog = yield* fs.readFileString(`${copy}/src/projections/catalog/catalog.ts`)
      const refused = Effect.fnUntraced(function*(name: string) {
        const files = Effect.forEach(["src/projections", "test/projections"], (folder) =>
          fs.readDirectory(`${copy}/${folder}`, { recursive: true }))
        const before = yield* files
        const error = yield* Effect.flip(createProjection(copy, name))
        assert.deepStrictEqual(yield* files, before)
        return error.message
      })
      assert.match(yield* refused("casino"), /There is a projection "casino" already/)
      assert.match(yield* refused("delete"), /means something else/)
      assert.match(yield* refused("by_currency"), /means something else/)
      assert.match(yield* refused("time_zone"), /means something else/)
      // A file that is no projection.
      assert.match(yield* refused("former_versions"), /catalog\/formerVersions\.ts exists already/)
      yield* fs.writeFileString(`${copy}/src/projections/catalog/catalog.ts`, catalog.replace("[", "[...others,"))
      assert.match(yield* refused("big_bets"), /does not look as expected/)
    }))
})

layer(Layer.empty)("newCatalogEntry", (it) => {
  const source = (names: string) =>
    `import { a } from "./a.ts"
import { m } from "./m.ts"
import type { AnyProjection } from "./Projection.ts"

/** All of [them]. */
export const catalog: ReadonlyArray<AnyProjection> = [${names}]
`
  const listOf = (text: string | undefined) => text?.slice(text.indexOf("= ["))

  it("imports in order, and puts the name where it is wanted", () => {
    assert.strictEqual(listOf(newCatalogEntry(source("a, m"), "b", () => 1)), "= [a, b, m]\n")
    assert.strictEqual(listOf(newCatalogEntry(source("a, m"), "b", () => 9)), "= [a, m, b]\n")
    assert.strictEqual(
      listOf(newCatalogEntry(source("\n  a,\n  m\n"), "b", (names) => names.indexOf("m") + 1)),
      "= [\n  a,\n  m,\n  b\n]\n"
    )
    for (const [name, place] of [["A", 0], ["b", 1], ["z", 2]] as const) {
      const imports = newCatalogEntry(source("a, m"), name, () => 0)?.split("\n").slice(0, 3).map((line) => line.slice(9, 10))
      assert.deepStrictEqual(imports, ["a", "m"].toSpliced(place, 0, name))
    }
  })

  it("breaks a list that gets too long for a line", () => {
    const names = Array.from({ length: 13 }, (_, index) => `name${index}`).join(", ")
    assert.match(listOf(newCatalogEntry(source(names), "oneMore", () => 0)) ?? "", /^= \[\n {2}oneMore,\n {2}name0,\n/)
  })

  it("leaves alone what it does not understand", () => {
    for (const names of ["...others", "a, { ...m, version: 2 }", "a, // why\n  m", "make()"]) {
      assert.isUndefined(newCatalogEntry(source(names), "b", () => 0))
    }
    assert.isUndefined(newCatalogEntry("export const catalog = []", "b", () => 0))
  })
})
