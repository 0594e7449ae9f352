import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { denoImports } from "../../../scripts/denoImports.mjs"
import { projectionSource } from "../../../src/cli/projections/newTemplates.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { testSql } from "../../support/database/TestSql.ts"
import { pageSamples } from "../../support/projections/pageSamples.ts"
import { removeFolder } from "../../support/removeFolder.ts"
import { startProgram } from "../../support/service/program.ts"
import { post, request } from "../../support/service/sender.ts"
import { startService } from "../../support/service/ServiceProcess.ts"

const isDeno = process.versions["deno"] !== undefined
const root = fileURLToPath(new URL("../../..", import.meta.url))

/** A folder with these files, which is nowhere near a `node_modules`. */
const folderOf = (files: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = await mkdtemp(join(tmpdir(), "playtally-own-"))
      for (const [name, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, name)), { recursive: true })
        await writeFile(join(folder, name), text)
      }
      return folder
    }),
    (folder) => Effect.promise(() => removeFolder(folder))
  )

const source = (name: string, variable = name) => projectionSource({ name, variable }, "Own")

type Outcome = ReadonlyArray<string> | { readonly reason: string; readonly message: string }

/** What becomes of folders with these files. */
const load = Effect.fnUntraced(function*(cases: ReadonlyArray<Readonly<Record<string, string>>>) {
  const folders = yield* Effect.forEach(cases, folderOf)
  const runtime = isDeno ? ["run", "-A", `--import-map=${denoImports(root)}`] : []
  const program = fileURLToPath(new URL("loadFolders.ts", import.meta.url))
  const { stdout } = yield* Effect.promise(() => promisify(execFile)(process.execPath, [...runtime, program, ...folders], { cwd: root }))
  return JSON.parse(stdout) as ReadonlyArray<Outcome>
})

it.live("a folder gives its projections in the order of its files, TypeScript and JavaScript, with what they import", () =>
  Effect.gen(function*() {
    const [outcome] = yield* load([{
      "b.js": "import { Projection, Schema } from \"playtally/projection\"\n" +
        "const one = (version) => Projection.make({ name: \"b\", version, events: [\"realtime-login\"],\n" +
        "  ordered: { columns: {}, order: () => [0, \"\"], one: () => ({}), combine: () => ({}) },\n" +
        "  section: { schema: Schema.Null, present: () => null } })\n" +
        "export const two = one(2)\nexport default two\nexport const first = one(1)\nexport const least = 3\n",
      "a.ts": source("a").replace("count: count", "count: count as typeof count").replace("import", "import \"./rules/rule.ts\"\nimport"),
      // The page's sample.
      "c.ts": pageSamples(readFileSync(join(root, "docs/projections.md"), "utf8")).own,
      "rules/rule.ts": "import * as Schema from \"effect/Schema\"\nimport { Schema as own } from \"playtally/projection\"\n" +
        "if (Schema.String !== own.String) throw new Error(\"two copies of Effect\")\n",
      // None of them has projections.
      "a.test.ts": "throw new Error()",
      "types.d.ts": "declare const a: number",
      "_draft.ts": "throw new Error()",
      "README.md": "Ours."
    }])
    assert.deepStrictEqual(outcome, ["a v1", "b v2", "b v1", "biggest_round v1"])
  }).pipe(Effect.scoped))

it.live("a folder that cannot be used is refused, with the file and what is wrong with it", () =>
  Effect.gen(function*() {
    const outcomes = yield* load([
      { "README.md": "none yet" },
      { "bets.ts": "export const bets = {" },
      { "bets.ts": "\nthrow new TypeError(\"no such game\")\n" },
      { "bets.ts": source("bets").replace("playtally/projection", "./missing.ts") },
      { "bets.ts": "export const bets = { name: \"bets\", version: 1 }" },
      { "bets.ts": source("Bets") },
      { "bets.ts": source("time_zone") },
      { "bets.ts": source("casino") },
      { "bets.ts": source("bets"), "copy.ts": source("bets") },
      { "bets.ts": source("bets").replace("version: 1", "version: 0") },
      {
        "bets.ts": source("bets").replace("version: 1,", "version: 1,\n  ranking: { score: \"x\", reachedAt: \"y\" },").replace(
          /^ {2}totals:.*$/m,
          ""
        )
      }
    ])
    const expected: ReadonlyArray<readonly [reason: string, message: RegExp]> = [
      ["NoFiles", /has no file NAME\.ts/],
      ["DoesNotLoad", /bets\.ts does not load: \S+/],
      ["DoesNotLoad", /bets\.ts does not load: no such game \(bets\.ts:2:7\)/],
      ["DoesNotLoad", /missing\.ts/],
      ["NoProjection", /bets\.ts exports no projection/],
      ["BadName", /"Bets": a name is snake_case/],
      ["BadName", /"time_zone": a name is snake_case/],
      ["NameTaken", /"casino", and so has playtally/],
      ["TwiceTheSame", /copy\.ts has bets v1, and so has another file/],
      ["BadName", /version 0 of bets/],
      ["DoesNotLoad", /bets has no totals to rank users by/]
    ]
    assert.strictEqual(outcomes.length, expected.length)
    for (const [index, [reason, message]] of expected.entries()) {
      const outcome = outcomes[index]
      if (outcome === undefined || !("reason" in outcome)) assert.fail(`${reason}: ${JSON.stringify(outcome)}`)
      assert.strictEqual(outcome.reason, reason, outcome.message)
      assert.match(outcome.message, message)
    }
  }).pipe(Effect.scoped))

it.live(
  "what is in the folder is fed, read, described and known to the commands, and its next version waits beside it",
  () =>
    Effect.gen(function*() {
      const database = yield* TestDatabase
      const folder = yield* folderOf({})
      const settings = { DATABASE_URL: Redacted.value(database.url), PROJECTIONS_DIR: folder, ...database.settings }
      const run = (...args: ReadonlyArray<string>) =>
        Effect.gen(function*() {
          const program = yield* startProgram(args, settings)
          const { code } = yield* program.ended
          return { code, stdout: program.stdout(), stderr: program.stderr() }
        }).pipe(Effect.scoped)
      // An empty folder is a mistake for all but the command that fills it.
      const refused = yield* run("projections", "list")
      assert.deepStrictEqual([refused.code, refused.stdout], [1, ""])
      assert.match(refused.stderr, /^playtally: The folder of projections \S+ has no file [^\n]*\n$/)
      const written = yield* run("projections", "new", "big_bets")
      assert.include(written.stdout, `Wrote ${join(folder, "bigBets.ts")}`, written.stderr)

      // The service, the thread of its projections and that of its documents load the folder each.
      const service = yield* startService({ PROJECTIONS_DIR: folder })
      const bet = {
        event: "realtime-casino",
        data: {
          user_id: "player-1",
          timestamp: "2026-01-31T12:00:00Z",
          unique_id: "bet-1",
          game_id: "dice",
          round_id: "round-1",
          type: "bet",
          amount: 2.5,
          currency: "EUR",
          bonus_wager_amount: 0
        }
      }
      assert.strictEqual((yield* post(service.url, JSON.stringify({ items: [bet] }))).status, 204)
      const { text } = yield* request(`${service.url}/api/v1/users/player-1/counters?include=big_bets&consistency=strong`)
      assert.nestedPropertyVal(JSON.parse(text), "big_bets.EUR.bet_amount", "2.5", text)
      const described = yield* request(`${service.url}/openapi.json`)
      assert.nestedProperty(JSON.parse(described.text), "components.schemas.Counters.properties.big_bets")
      const explained = yield* run("explain", "demo", "player-1", "big_bets.EUR.bet_count")
      assert.include(explained.stdout, "big_bets.EUR.bet_count is 1", explained.stderr)

      const raised = yield* run("projections", "new-version", "big_bets")
      assert.include(raised.stdout, "bigBets.ts is version 2 now", raised.stderr)
      assert.deepStrictEqual((yield* Effect.promise(() => readdir(folder))).sort(), ["bigBets.ts", "bigBetsV1.ts"])
      const list = (yield* run("projections", "list")).stdout
      assert.match(list, /big_bets +1 +active +1[^]*big_bets +2 +to be rebuilt/)
    }).pipe(Effect.scoped, Effect.provide(testSql)),
  60_000
)
