import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import { KnownProjections } from "../../src/cli/projections/KnownProjections.ts"
import { Activity } from "../../src/counters/Activity.ts"
import { Changes } from "../../src/counters/changes/Changes.ts"
import { Counters } from "../../src/counters/Counters.ts"
import { Explanation } from "../../src/counters/history/Explanation.ts"
import { TimeTravel } from "../../src/counters/history/TimeTravel.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { activity } from "../../src/projections/catalog/activity.ts"
import { casino } from "../../src/projections/catalog/casino.ts"
import { logins } from "../../src/projections/catalog/logins.ts"
import type { AnyProjection } from "../../src/projections/projection/Projection.ts"
import { ProjectionRunner } from "../../src/projections/runner/ProjectionRunner.ts"
import type { Tenant } from "../../src/tenants/Tenant.ts"
import { UserId } from "../../src/values/UserId.ts"
import { runCommand } from "../cli/runCommand.ts"
import { TestDatabase, testPartitions } from "../support/database/TestDatabase.ts"
import { beginning } from "../support/events/beginning.ts"
import { bet } from "../support/events/events.ts"
import { newEvent } from "../support/events/newEvent.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { strong } from "../support/service/strong.ts"
import { testService } from "../support/service/TestService.ts"
import { until } from "../support/time/until.ts"

/** A version that somebody has broken: its fold, or how its section is shown. */
const brokenFold = <P extends AnyProjection>(projection: P): P => ({
  ...projection,
  contribute: () => {
    throw new TypeError("not today")
  }
})
const brokenPresent: AnyProjection = {
  ...logins,
  section: {
    ...logins.section,
    present: () => {
      throw new RangeError("nor this")
    }
  }
}

/** What a service says as it starts. */
const start = (projections: ReadonlyArray<AnyProjection>) =>
  Effect.gen(function*() {
    const said: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => {
      said.push(`${logLevel} ${String(message)}`)
    })
    const services = yield* Layer.build(Layer.fresh(testService({ projections }))).pipe(Effect.provide(Logger.layer([logger])))
    return { services, said }
  })

const known = <A>(value: A | undefined): A => {
  if (value === undefined) throw new Error("not there yet")
  return value
}

layer(TestDatabase.layer, { excludeTestServices: true })("a projection that fails on the sample log", (it) => {
  it.effect(
    "is named at the start and left out, and everything else goes on; once mended it is fed from where it stopped",
    () =>
      Effect.gen(function*() {
        const sound = [casino, logins, activity]
        type Services = Effect.Success<ReturnType<typeof start>>["services"]
        let tenant: Tenant | undefined
        const append = (services: Services, ...ids: ReadonlyArray<string>) =>
          Context.get(services, EventLog).append(ids.map((id) => newEvent(known(tenant), bet({ user_id: "player", unique_id: id }))))
        const read = (services: Services, sections: ReadonlyArray<string>, areNamed: boolean) =>
          Context.get(services, Counters).read(known(tenant), [UserId("player")], { sections, areNamed, consistency: strong })
        yield* Effect.scoped(Effect.gen(function*() {
          const { services } = yield* start(sound)
          tenant = yield* newTenant("failing").pipe(Effect.provide(services))
          yield* append(services, "a", "b")
          yield* read(services, ["casino", "logins"], true)
        }))

        const code = [brokenFold(casino), brokenPresent, activity]
        const said = yield* Effect.scoped(Effect.gen(function*() {
          const { said, services } = yield* start(code)
          yield* append(services, "c")
          const counters = Context.get(services, Counters)
          assert.deepStrictEqual(counters.sections, ["casino", "logins"])
          // Named, or because there is no other.
          for (const [sections, areNamed] of [[["casino"], true], [["casino"], false], [["casino", "logins"], false]] as const) {
            const error = yield* Effect.flip(read(services, sections, areNamed))
            assert.deepInclude({ ...error }, { _tag: "ProjectionFailing", projections: sections })
          }
          const instant = yield* Clock.currentTimeMillis
          const asOf = Context.get(services, TimeTravel).read(known(tenant), UserId("player"), {
            instant,
            sections: ["casino"],
            areNamed: true
          })
          assert.strictEqual((yield* Effect.flip(asOf))._tag, "ProjectionFailing")
          const explained = Context.get(services, Explanation).explain(known(tenant), UserId("player"), {
            path: "casino.EUR.bet_count",
            after: 0,
            limit: 5
          })
          assert.strictEqual((yield* Effect.flip(explained))._tag, "ProjectionFailing")

          // What is sound is read strongly, so it is fed; the change feed goes on, and the runner
          // is well.
          const days = Context.get(services, Activity).read(known(tenant), UserId("player"), {
            from: 0,
            to: 30_000,
            granularity: "day",
            consistency: strong
          })
          assert.deepInclude((yield* days)?.periods[0], { product: "casino", bet_count: 3 })
          const page = yield* Context.get(services, Changes).after(known(tenant), beginning, {
            limit: 10,
            waitSeconds: 5,
            consistency: strong
          })
          assert.deepInclude(page.changes, { user_id: "player", slice: page.changes[0]?.slice ?? -1, position: 3 })
          const runner = Context.get(services, ProjectionRunner)
          yield* until(() => runner.status().lagEvents === 0)
          assert.deepInclude(runner.status(), { running: true, parkedUsers: 0 })
          return said
        }))
        const errors = said.filter((line) => line.startsWith("Error"))
        // Each partition says so.
        assert.lengthOf(errors, 2 * testPartitions)
        assert.match(
          errors[0] ?? "",
          /^Error The fold of projection casino v1 fails on the sample log at event 0 \(realtime-casino\) of sampleLog\.ts: TypeError: not today\. .*Mend the fold/
        )
        assert.match(errors[1] ?? "", /^Error The present of projection logins v2 fails on the sample log: RangeError: nor this\./)

        // The commands go on with the others, and say what is wrong with these.
        const { settings, url } = yield* TestDatabase
        const run = (...args: ReadonlyArray<string>) =>
          runCommand(["projections", ...args], { DATABASE_URL: Redacted.value(url), ...settings }).pipe(
            Effect.provideService(KnownProjections, code)
          )
        assert.match((yield* run("list")).stdout, /casino +1 +active, fails on the sample log +2 +1 /)
        const verified = yield* run("verify")
        assert.strictEqual(verified.code, 1)
        assert.match(verified.stdout, /^activity v2: 3 events of 1 users verified/)
        assert.match(verified.stderr, /playtally: 2 projections were not verified: they fail on the sample log/)
        for (
          const args of [["verify", "casino"], ["rebuild", "casino"], ["rebuild", "casino", "--again"], [
            "verify",
            "casino",
            "--version",
            "1"
          ]]
        ) {
          const refused = yield* run(...args)
          assert.strictEqual(refused.code, 1)
          assert.match(refused.stderr, /^playtally: The fold of projection casino v1 fails on the sample log/m)
        }
        assert.strictEqual((yield* run("rebuild", "--all")).code, 0)

        // Sections that are there are answered if only one section fails.
        const [document] = yield* Effect.scoped(
          Effect.flatMap(start([brokenFold(casino), logins, activity]), ({ services }) => read(services, ["casino", "logins"], false))
        )
        assert.hasAllKeys(document, ["user_id", "ref", "time_zone", "position", "generations", "logins"])
        assert.strictEqual(document?.position, 3)

        // Also where another version of the projection is sound, and not read yet.
        yield* Effect.scoped(Effect.gen(function*() {
          const { services } = yield* start([brokenFold(casino), { ...casino, version: 2 }, logins, activity])
          yield* append(services, "d")
          const changes = Context.get(services, Changes).now(strong)
          assert.strictEqual((yield* changes).positions.reduce((sum, position) => sum + position, 0), 4)
          assert.strictEqual((yield* Effect.flip(read(services, ["casino"], true)))._tag, "ProjectionFailing")
        }))

        const { said: nothing, services: after } = yield* start(sound)
        assert.deepStrictEqual(nothing.filter((line) => !line.startsWith("Info")), [])
        const [mended] = yield* read(after, ["casino", "logins"], true)
        assert.deepNestedInclude(mended, { "casino.EUR.bet_count": 4 })
        const sql = Context.get(after, PgClient.PgClient)
        assert.deepStrictEqual(yield* sql`select user_id from parked_users`, [])
      }),
    60_000
  )
})
