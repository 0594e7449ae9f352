import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { installedPackage } from "../../support/service/installedPackage.ts"

// It takes what the registry has: a minute, and a way to it. `test/scripts/package.test.ts` takes
// the packages from this working copy.
const isRun = process.env["FAULTS"] !== undefined && process.versions["deno"] === undefined

/** The Node of `PATH`, which may be too old for the code, and the one that runs this test. */
const nodes = { "the Node of PATH": undefined, "a recent Node": dirname(process.execPath) }

describe.skipIf(!isRun)("the package, installed by npm into an empty folder", () => {
  it.live.each(Object.entries(nodes))("starts, takes a batch, runs a command and stops on %s", ([, node]) =>
    Effect.gen(function*() {
      const { folder, run, start } = yield* installedPackage({ dependencies: "Registry", ...node === undefined ? {} : { node } })
      const version = yield* run(["--version"])
      assert.strictEqual(version.code, 0, version.stderr)
      assert.match(version.stdout, /^playtally v/)
      // Kept for the next call, outside of the package.
      assert.strictEqual(existsSync(join(folder, "cache/playtally")), version.stderr.includes("bringing Node"))
      assert.strictEqual((yield* run(["--version"])).stderr, "")

      // Two processes and their supervisor, each with the projections of a folder.
      const written = yield* run(["projections", "new", "big_bets", "--projections", "own"])
      assert.include(written.stdout, "Wrote", written.stderr)
      const service = yield* start(["--projections", "./own"], { PROCESSES: "2" })
      const key = (yield* Effect.promise(() => readFile(join(folder, ".data/bootstrap-api-key"), "utf8"))).trim()
      const body = /-d '(.+?)'/.exec(service.greeting)?.[1] ?? assert.fail(service.greeting)
      const sent = yield* Effect.promise(() =>
        fetch(`${service.url}/api/v1/integrations/fasttrack/bulk`, {
          method: "POST",
          headers: { "x-api-key": key, "content-type": "application/json" },
          body
        })
      )
      assert.strictEqual(sent.status, 204)
      const read = yield* Effect.promise(() =>
        fetch(`${service.url}/api/v1/users/player-1/counters?include=big_bets&consistency=strong`, { headers: { "x-api-key": key } })
      )
      assert.nestedPropertyVal(yield* Effect.promise(() => read.json()), "big_bets.EUR.bet_count", 1)
      const demo = yield* run(["demo", "--players", "5", "--rate", "50", "--duration", "2s", "--url", service.url])
      assert.match(demo.stdout, /^Sent \d+ items/m, demo.stderr)
      assert.strictEqual((yield* service.stop).code, 0)
    }).pipe(Effect.scoped))
})
