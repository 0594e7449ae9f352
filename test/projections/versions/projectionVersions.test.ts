import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Counters } from "../../../src/counters/Counters.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { byCurrency } from "../../../src/projections/projection/byCurrency.ts"
import { count } from "../../../src/projections/projection/Column.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"
import * as Projection from "../../../src/projections/projection/Projection.ts"
import { ProjectionVersions } from "../../../src/projections/versions/ProjectionVersions.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { inEveryDatabase } from "../../support/database/everyDatabase.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { testService } from "../../support/service/TestService.ts"

const columns = { bet_count: count }

/** Bets per currency of the users that a rule lets through. */
const betsOf = (version: number, counts: (userId: string) => boolean): AnyProjection =>
  Projection.make({
    name: "bets",
    version,
    events: ["realtime-casino"],
    totals: { key: ["currency"], columns },
    contribute: ({ data, userId }) => counts(userId) ? [{ currency: data.currency, bet_count: 1 }] : [],
    section: byCurrency(columns)
  })

const broken = new Set<string>()
const active = betsOf(1, () => true)
const next = betsOf(2, (userId) => {
  if (broken.has(userId)) throw new Error("not this one")
  return userId !== "player-0"
})
const users = Array.from({ length: 30 }, (_, index) => `player-${index}`)

layer(TestDatabase.layer, { excludeTestServices: true })("ProjectionVersions", (it) => {
  it.effect(
    "takes a change from its first sample to the removal of what was before, and refuses what is out of order",
    () =>
      Effect.gen(function*() {
        const tenant = yield* Effect.scoped(Effect.gen(function*() {
          const before = yield* Layer.build(Layer.fresh(testService({ projections: [active] })))
          const tenant = yield* newTenant("brand", "UTC").pipe(Effect.provide(before))
          yield* Context.get(before, EventLog).append(users.map((userId) => newEvent(tenant, { ...bet(), userId: UserId(userId) })))
          yield* Context.get(before, Counters).read(tenant, users.map((each) => UserId(each)), {
            sections: ["bets"],
            consistency: { _tag: "Strong", waitSeconds: 15 }
          })
          return tenant
        }))
        const service = yield* Layer.build(Layer.fresh(testService({ projections: [active, next] })))
        const versions = Context.get(service, ProjectionVersions)
        const states = Effect.map(versions.list, (all) => all.map(({ behind, parked, state }) => [state, Number(behind), Number(parked)]))
        const refusal = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
          Effect.map(Effect.flip(effect), (error) => [error._tag, "reason" in error ? error.reason : undefined])
        const shown = (userId: string) =>
          Effect.map(
            Context.get(service, Counters).read(tenant, [UserId(userId)], { sections: ["bets"], consistency: { _tag: "Eventual" } }),
            ([document]) => document?.["bets"]
          )

        // Nothing is rebuilt yet: whatever comes later in the story is refused, and changes
        // nothing.
        assert.deepStrictEqual(yield* states, [["Active", 0, 0], ["ToBeRebuilt", users.length, 0]])
        assert.deepStrictEqual(yield* refusal(versions.diff({ name: "bets" })), ["DiffRefused", "NotRebuilt"])
        assert.deepStrictEqual(yield* refusal(versions.diff({ name: "bets", version: 1 })), ["DiffRefused", "NoOtherVersion"])
        assert.deepStrictEqual(yield* refusal(versions.activate({ name: "bets" })), ["ActivationRefused", "NotRebuilt"])
        const unseen = { acceptChanges: true }
        assert.deepStrictEqual(yield* refusal(versions.activate({ name: "bets" }, unseen)), ["ActivationRefused", "NotRebuilt"])
        assert.deepStrictEqual(yield* refusal(versions.rollback("bets")), ["ActivationRefused", "NoPreviousVersion"])
        assert.deepStrictEqual(yield* refusal(versions.remove(active)), ["RemovalRefused", "Active"])
        assert.deepStrictEqual(yield* refusal(versions.rebuild([{ name: "bets", version: 3 }])), ["UnknownVersion", "NotInThisCode"])
        assert.deepStrictEqual(yield* refusal(versions.verify({ name: "nothing" })), ["UnknownVersion", "NotInThisCode"])
        assert.deepStrictEqual(yield* states, [["Active", 0, 0], ["ToBeRebuilt", users.length, 0]])

        // A sample rebuilds its part, and no more.
        const sampled = yield* versions.diff({ name: "bets" }, { sample: 0.5 })
        assert.isTrue(sampled.diff.users > 0 && sampled.diff.users < users.length)
        assert.deepStrictEqual(yield* states, [["Active", 0, 0], ["ToBeRebuilt", users.length - sampled.diff.users, 0]])

        broken.add("player-1")
        const told: Array<unknown> = []
        yield* versions.rebuild("AllToBeRebuilt", {
          onRebuilt: ({ activeVersion, done, isFirst, projection, total }) =>
            Effect.sync(() => told.push([projection.version, done, total, activeVersion, isFirst]))
        })
        assert.deepStrictEqual(told, [[2, users.length, users.length, 1, false]])

        // Player 1 is parked, unless the sample has folded the events already.
        if (Number((yield* versions.list)[1]?.parked) === 0) {
          assert.isTrue(
            (yield* versions.rebuildUser({ name: "bets", version: 2 }, { tenantId: tenant.tenantId, userId: UserId("player-1") })).isParked
          )
        }
        assert.deepStrictEqual(yield* states, [["Active", 0, 0], ["Following", 0, 1]])
        assert.deepStrictEqual((yield* versions.parked("bets")).map(({ tenant, userId, version }) => [tenant, userId, version]), [
          ["brand", "player-1", 2]
        ])
        assert.deepStrictEqual(yield* versions.unpark(), { freed: 0, stillParked: 1 })
        assert.deepStrictEqual(yield* refusal(versions.activate({ name: "bets" }, unseen)), ["ActivationRefused", "Parked"])
        broken.clear()
        assert.deepStrictEqual(yield* versions.unpark("bets"), { freed: 1, stillParked: 0 })
        assert.deepStrictEqual(yield* versions.verify({ name: "bets", version: 2 }), { findings: 0, failing: 0 })

        // Whose numbers change is told before anybody sees it.
        const refused = yield* Effect.flip(versions.activate({ name: "bets" }))
        assert.strictEqual(refused._tag === "ActivationRefused" && refused.reason, "ChangesNumbers")
        assert.strictEqual(refused._tag === "ActivationRefused" ? refused.comparison?.diff.changedUsers : undefined, 1)
        assert.deepStrictEqual(yield* shown("player-0"), { EUR: { bet_count: 1 } })
        assert.deepStrictEqual(yield* versions.activate({ name: "bets" }, unseen), { name: "bets", version: 2, before: 1 })
        assert.deepStrictEqual(yield* shown("player-0"), {})
        assert.deepStrictEqual(yield* refusal(versions.activate({ name: "bets" })), ["ActivationRefused", "AlreadyActive"])

        assert.deepStrictEqual(yield* versions.rollback("bets"), { name: "bets", version: 1, before: 2 })
        assert.deepStrictEqual(yield* shown("player-0"), { EUR: { bet_count: 1 } })
        assert.deepStrictEqual(yield* versions.rollback("bets"), { name: "bets", version: 2, before: 1 })

        // Rows that somebody has changed are found, and one user is put right.
        yield* inEveryDatabase((sql) => sql`update bets_v2_totals set bet_count = 7 where user_id = 'player-4'`)
        const findings: Array<unknown> = []
        const found = versions.verify("AllActive", { onFinding: (_, finding) => Effect.sync(() => findings.push(finding)) })
        assert.strictEqual((yield* found).findings, 1)
        const difference = {
          row: `["EUR"]`,
          column: "bet_count",
          stored: "7",
          expected: "1",
          tenantId: tenant.tenantId,
          userId: "player-4"
        }
        assert.deepStrictEqual(findings, [{ _tag: "Difference", difference }])
        // The active version is meant where none is named.
        const { isParked, version } = yield* versions.rebuildUser({ name: "bets" }, {
          tenantId: tenant.tenantId,
          userId: UserId("player-4")
        })
        assert.deepStrictEqual([version, isParked], [2, false])
        assert.strictEqual((yield* found).findings, 0)

        yield* versions.remove(active)
        assert.deepStrictEqual(yield* states, [["Active", 0, 0]])
        assert.deepStrictEqual(yield* refusal(versions.rollback("bets")), ["ActivationRefused", "NoPreviousVersion"])
      }),
    60_000
  )
})
