import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Ingest } from "../../src/ingest/Ingest.ts"
import { Tenants } from "../../src/tenants/Tenants.ts"
import { runCommand, testSettings } from "../cli/runCommand.ts"
import { everyClient, inEveryDatabase } from "../support/database/everyDatabase.ts"
import { partitionedDatabase, TestDatabase } from "../support/database/TestDatabase.ts"
import { bulkItems } from "../support/events/bulkItems.ts"
import { testService } from "../support/service/TestService.ts"

const run = (args: ReadonlyArray<string>, more: Readonly<Record<string, string>> = {}) =>
  Effect.flatMap(testSettings, (settings) => runCommand(args, { ...settings, ...more }))

const login = (user: string, day: number) => ({
  event: "realtime-login",
  data: { user_id: user, unique_id: `${user}-${day}`, timestamp: `2026-01-${day}T02:00:00Z` }
})
const users = Array.from({ length: 24 }, (_, nth) => `user-${nth}`)

const service = Layer.mergeAll(testService(), NodeServices.layer).pipe(Layer.provideMerge(partitionedDatabase(3)))

/**
 * What `doctor` finds wrong with where the partitions are. The server of the tests is not durable.
 */
const wrongs = (more: Readonly<Record<string, string>> = {}) =>
  Effect.map(
    run(["doctor"], more),
    ({ stdout }) =>
      stdout.split("\n").filter((line) => line.startsWith("wrong")).map((line) => line.split(/ {2,}/).slice(1))
        .filter(([subject = ""]) => /: (database|server|slices|tenants)$/.test(subject))
  )

layer(service, { excludeTestServices: true })("commands on a log with three partitions", (it) => {
  it.effect("events tail: the newest of all partitions, newest last", () =>
    Effect.gen(function*() {
      const tenant = yield* (yield* Tenants).create("brand", "UTC")
      const { batch } = yield* Ingest
      for (const user of users) yield* batch(tenant, bulkItems([login(user, 15)]), { strict: false })
      const { stdout } = yield* run(["events", "tail", "--limit", "10"])
      const shown = stdout.split("\n").slice(0, -1).map((line) => users.find((user) => line.includes(`${user} `)))
      assert.deepStrictEqual(shown, users.slice(-10))
    }))

  it.effect(
    "tenants set-zone: changes every copy, is listed as under way until all have, and the same command ends it",
    () =>
      Effect.gen(function*() {
        const zones = inEveryDatabase((sql) => sql<{ time_zone: string }>`select time_zone from tenants where name = 'brand'`)
        const changed = yield* run(["tenants", "set-zone", "brand", "America/New_York"])
        assert.strictEqual(changed.code, 0, changed.stderr)
        assert.match(changed.stdout, /^The days of tenant "brand" begin in America\/New_York now; .* for 24 users\.\n$/)
        assert.match(changed.stderr, /256 of 256 slices, 24 users/)
        assert.deepStrictEqual(yield* zones, Array.from({ length: 3 }, () => ({ time_zone: "America/New_York" })))

        // As a change leaves it that was killed before the last partition.
        const last = (yield* everyClient)[2] ?? assert.fail()
        yield* last`update tenants set time_zone = 'UTC'`
        assert.include((yield* run(["tenants", "list"])).stdout, "America/New_York (being changed from UTC)")
        assert.match((yield* run(["events", "verify"])).stdout, /partition 2 .*: tenant "brand" has other days than at home/)
        const ended = yield* run(["tenants", "set-zone", "brand", "America/New_York"])
        assert.match(ended.stdout, /begin in America\/New_York now/)
        assert.notInclude((yield* run(["tenants", "list"])).stdout, "being changed")
        assert.match((yield* run(["tenants", "set-zone", "brand", "America/New_York"])).stdout, /already\.\n$/)
        assert.match((yield* run(["events", "verify"])).stdout, /the log is sound/)
        const verified = yield* run(["projections", "verify"])
        assert.strictEqual(verified.code, 0, verified.stdout + verified.stderr)
      }),
    30_000
  )

  it.effect("doctor: looks at every partition, and says which is not what the directory means", () =>
    Effect.gen(function*() {
      const { stdout } = yield* run(["doctor"])
      assert.deepStrictEqual(yield* wrongs(), [])
      for (const partition of [0, 1, 2]) assert.match(stdout, new RegExp(`^ok +partition ${partition}: slices +8\\d are served$`, "m"))
      assert.match(
        stdout,
        /^ok +connections +a start of the service takes up to \d+ to each of 3 databases, \d+ in all; the console's jobs take up to 27 to each, 81 in all$/m
      )

      const { settings } = yield* TestDatabase
      const [one = "", other = ""] = (settings["DATABASE_SERVERS"] ?? "").split(" ").map((server) => server.slice(server.indexOf("=") + 1))
      const swapped = yield* wrongs({ DATABASE_SERVERS: `s1=${other} s2=${one}` })
      assert.include(swapped.map(([subject]) => subject), "partition 1: database")
      assert.include(swapped.map(([subject]) => subject), "partition 2: slices")
      const away = yield* wrongs({ DATABASE_SERVERS: `s1=postgres://nobody@127.0.0.1:1/none s2=${other}` })
      assert.match(away.join("\n"), /^partition 1: server,s1 does not answer: .*ECONNREFUSED/)

      // A command needs all of them, and says so at once.
      const refused = yield* run(["projections", "list"], { DATABASE_SERVERS: `s1=postgres://nobody@127.0.0.1:1/none s2=${other}` })
      assert.strictEqual(refused.code, 1)
      assert.match(refused.stderr, /^playtally: Partition 1 \(server s1\) is not served now\. Its database did not answer: .*ECONNREFUSED/m)

      const sql = (yield* everyClient)[1] ?? assert.fail()
      yield* sql`update tenants set name = 'someone else'`
      assert.deepStrictEqual((yield* wrongs()).map(([subject]) => subject), ["partition 1: tenants"])
      yield* sql`update tenants set name = 'brand'`
    }), 30_000)
})
