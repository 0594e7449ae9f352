import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Changes } from "../../../src/counters/changes/Changes.ts"
import type { FeedPlace } from "../../../src/counters/changes/FeedPlace.ts"
import { TooManyPolls } from "../../../src/counters/changes/PollTurns.ts"
import type { Change } from "../../../src/counters/changes/readFeedPage.ts"
import { Counters } from "../../../src/counters/Counters.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { allSlices } from "../../../src/event-log/sliceOf.ts"
import { casino } from "../../../src/projections/catalog/casino.ts"
import { ProjectionCatalog } from "../../../src/projections/versions/ProjectionCatalog.ts"
import { rebuild } from "../../../src/projections/versions/rebuild.ts"
import type { Tenant } from "../../../src/tenants/Tenant.ts"
import { seededRandom } from "../../oracle/random.ts"
import { TestDatabase, testPartitions } from "../../support/database/TestDatabase.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent, userInSlice } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { strong } from "../../support/service/strong.ts"
import { testService } from "../../support/service/TestService.ts"
import { slowness } from "../../support/time/slowness.ts"
import { until } from "../../support/time/until.ts"

const eventual = { _tag: "Eventual" } as const
/** One look at everything that was in the log when it was asked for. */
const look = { limit: 500, waitSeconds: 0, consistency: strong }

let ids = 0
/** Stores a bet of each of the users, in that order; gives their positions. */
const append = Effect.fnUntraced(function*(tenant: Tenant, ...users: ReadonlyArray<string>) {
  const outcomes = yield* Effect.flatMap(
    EventLog,
    (log) => log.append(users.map((user) => newEvent(tenant, bet({ user_id: user, unique_id: `${++ids}` }))))
  )
  return outcomes.map((outcome) => outcome._tag === "Appended" ? outcome.position : Number.NaN)
})

const process = Layer.build(Layer.fresh(testService({ projections: [casino] })))

layer(TestDatabase.layer, { excludeTestServices: true })("the change feed", (it) => {
  it.effect(
    "tells every change at least once to a reader who goes on from any place it was given, and never before the counters have it",
    () =>
      Effect.gen(function*() {
        const processes = yield* Effect.all([process, process])
        const [tenant, other] = yield* Effect.all([newTenant(), newTenant()]).pipe(Effect.provide(processes[0]))
        const random = seededRandom(1)
        const users = Array.from({ length: 60 }, (_, index) => `player-${index}`)
        const start = yield* Effect.flatMap(Changes, ({ now }) => now(eventual)).pipe(Effect.provide(processes[0]))

        // Where every user's events are, as they are committed.
        const positions = new Map<string, Array<number>>(users.map((user) => [user, []]))
        let isWriting = true
        const writer = Effect.forEach(Array.from({ length: 60 }), () =>
          Effect.gen(function*() {
            const batch = Array.from({ length: 1 + random.below(40) }, () => random.pick(users))
            yield* append(other, ...batch.slice(0, random.below(10)))
            const placed = yield* append(tenant, ...batch)
            for (const [index, user] of batch.entries()) positions.get(user)?.push(placed[index] ?? Number.NaN)
          }).pipe(Effect.provide(random.pick(processes))), { concurrency: 3, discard: true }).pipe(
            Effect.ensuring(Effect.sync(() => {
              isWriting = false
            }))
          )

        // A consumer that now and then goes back to a place it was given before: it died and had
        // not written down the later ones.
        const told = new Map<string, number>()
        const consumer = Effect.gen(function*() {
          const places: Array<FeedPlace> = [start]
          for (let isLast = false; !isLast;) {
            isLast = !isWriting
            const service = random.pick(processes)
            const changes = Context.get(service, Changes)
            const limit = 1 + random.below(15)
            const page = yield* changes.after(tenant, random.chance(0.1) ? random.pick(places) : places.at(-1) ?? start, {
              limit,
              waitSeconds: random.pick([0, 0, 1]),
              consistency: eventual
            })
            yield* assertPage(page.changes, limit, users)
            yield* assertInCounters(tenant, page.changes, positions).pipe(Effect.provide(service))
            for (const { position, user_id } of page.changes) told.set(user_id, Math.max(position, told.get(user_id) ?? 0))
            places.push(page.next)
          }
          // Whatever is left, page by page.
          for (let place = places.at(-1) ?? start;;) {
            const page = yield* Context.get(processes[1], Changes).after(tenant, place, { ...look, limit: 7 })
            for (const { position, user_id } of page.changes) told.set(user_id, Math.max(position, told.get(user_id) ?? 0))
            if (page.changes.length === 0 && page.next.positions.every((position, slice) => position === place.positions[slice])) return
            place = page.next
          }
        })
        yield* Effect.all([writer, consumer], { concurrency: "unbounded" })
        assert.deepStrictEqual(
          users.map((user) => [user, told.get(user)]),
          users.map((user) => [user, positions.get(user)?.length === 0 ? undefined : Math.max(...positions.get(user) ?? [])])
        )
      }),
    60_000
  )
})

/** Each user once, users of the tenant only, and not too many. */
const assertPage = (changes: ReadonlyArray<Change>, limit: number, users: ReadonlyArray<string>) =>
  Effect.sync(() => {
    assert.isAtMost(changes.length, limit)
    assert.strictEqual(new Set(changes.map(({ user_id }) => user_id)).size, changes.length)
    assert.includeMembers([...users], changes.map(({ user_id }) => user_id))
  })

/** Whoever reads the counters of somebody who changed finds them changed. */
const assertInCounters = Effect.fnUntraced(function*(
  tenant: Tenant,
  changes: ReadonlyArray<Change>,
  positions: ReadonlyMap<string, ReadonlyArray<number>>
) {
  const counters = yield* Counters
  const documents = yield* counters.read(tenant, changes.map(({ user_id }) => user_id), { sections: ["casino"], consistency: eventual })
  for (const [index, { position, user_id }] of changes.entries()) {
    assert.isAtLeast(documents[index]?.position ?? 0, position)
    const counted = documents[index]?.["casino"] as { readonly EUR?: { readonly bet_count: number } } | undefined
    assert.isAtLeast(counted?.EUR?.bet_count ?? 0, positions.get(user_id)?.filter((placed) => placed <= position).length ?? 0)
  }
})

layer(testService({ projections: [casino] }).pipe(Layer.provideMerge(TestDatabase.layer)), { excludeTestServices: true })(
  "Changes",
  (it) => {
    it.effect("lists a user once with the last position, and tells it once", () =>
      Effect.gen(function*() {
        const changes = yield* Changes
        const tenant = yield* newTenant()
        const start = yield* changes.now(strong)
        const [user, second] = [userInSlice(tenant, 5), userInSlice(tenant, 5, 1)]
        const placed = yield* append(tenant, user, second, user, user)
        const page = yield* changes.after(tenant, start, look)
        assert.sameDeepMembers([...page.changes], [
          { user_id: user, slice: 5, position: placed[3] ?? 0 },
          { user_id: second, slice: 5, position: placed[1] ?? 0 }
        ])
        assert.deepStrictEqual(yield* changes.after(tenant, page.next, look), { kept: undefined, erased: [], changes: [], next: page.next })
        // A place is no property of anybody: the same page again.
        assert.deepStrictEqual(yield* changes.after(tenant, start, look), page)
      }))

    it.effect("cuts between two users, in the middle of a slice, and goes on there", () =>
      Effect.gen(function*() {
        const changes = yield* Changes
        const tenant = yield* newTenant()
        const start = yield* changes.now(strong)
        const users = Array.from({ length: 5 }, (_, index) => userInSlice(tenant, 9, index))
        yield* append(tenant, ...users, ...users)
        const seen: Array<string> = []
        let place = start
        // A page has room for each partition.
        const pages = testPartitions === 1 ? [2, 2, 1] : [1, 1, 1, 1, 1]
        for (const expected of pages) {
          const page = yield* changes.after(tenant, place, { ...look, limit: 2 })
          assert.isAtLeast(page.changes.length, expected)
          seen.push(...page.changes.map(({ user_id }) => user_id))
          place = page.next
          if (new Set(seen).size === users.length) break
        }
        assert.sameMembers([...new Set(seen)], users)
      }))

    it.effect("reads no more of other tenants' events for a page than it may, and goes forward all the same", () =>
      Effect.gen(function*() {
        const changes = yield* Changes
        const [tenant, loud] = [yield* newTenant(), yield* newTenant()]
        const start = yield* changes.now(strong)
        yield* append(loud, ...Array.from({ length: 4000 }, () => userInSlice(loud, 11)))
        const user = userInSlice(tenant, 11)
        yield* append(tenant, user)
        let place = start
        let pages = 0
        for (;; pages++) {
          const page = yield* changes.after(tenant, place, { ...look, limit: 1 })
          assert.isAtMost((page.next.positions[11] ?? 0) - (place.positions[11] ?? 0), 1004)
          assert.isAbove(page.next.positions[11] ?? 0, place.positions[11] ?? 0)
          place = page.next
          if (page.changes.length === 0) continue
          assert.deepStrictEqual(page.changes.map(({ user_id }) => user_id), [user])
          break
        }
        assert.strictEqual(pages, 3)
        // Who has time is taken there at once.
        const waited = yield* changes.after(tenant, start, { limit: 1, waitSeconds: 10, consistency: eventual })
        assert.deepStrictEqual(waited.changes.map(({ user_id }) => user_id), [user])
      }))

    it.effect("wakes who waits when a change of the tenant has been folded, and nobody else", () =>
      Effect.gen(function*() {
        const changes = yield* Changes
        const [tenant, other] = [yield* newTenant(), yield* newTenant()]
        const start = yield* changes.now(strong)
        const poll = (of: Tenant, waitSeconds: number) => changes.after(of, start, { limit: 10, waitSeconds, consistency: eventual })
        const began = yield* Clock.currentTimeMillis
        const waiting = yield* Effect.forkChild(poll(tenant, 30))
        const quiet = yield* Effect.forkChild(poll(other, 2))
        yield* Effect.yieldNow
        yield* append(tenant, "woken")
        assert.deepStrictEqual((yield* Fiber.join(waiting)).changes.map(({ user_id }) => user_id), ["woken"])
        assert.isBelow((yield* Clock.currentTimeMillis) - began, 2000 * slowness())
        const unmoved = yield* Fiber.join(quiet)
        assert.deepStrictEqual(unmoved.changes, [])
        assert.isAtLeast((yield* Clock.currentTimeMillis) - began, 2000)
        // It has passed the other's event, so that this need not be read again.
        assert.isTrue(unmoved.next.positions.some((position, slice) => position > (start.positions[slice] ?? 0)))
      }))

    it.effect("wakes who waits for what another process stored and folded", () =>
      Effect.gen(function*() {
        const changes = yield* Changes
        const tenant = yield* newTenant()
        const start = yield* changes.now(strong)
        const waiting = yield* Effect.forkChild(changes.after(tenant, start, { limit: 10, waitSeconds: 30, consistency: eventual }))
        const other = yield* process
        yield* append(tenant, "elsewhere").pipe(Effect.provide(other))
        assert.deepStrictEqual((yield* Fiber.join(waiting)).changes.map(({ user_id }) => user_id), ["elsewhere"])
      }))

    it.effect("lets a tenant wait a bounded number of times at once, and no longer than its client stays", () =>
      Effect.gen(function*() {
        const changes = yield* Changes
        const [tenant, other] = [yield* newTenant(), yield* newTenant()]
        const start = yield* changes.now(strong)
        const poll = (of: Tenant, waitSeconds = 30) => changes.after(of, start, { limit: 10, waitSeconds, consistency: eventual })
        const waiting = yield* Effect.forEach(Array.from({ length: 70 }), () => Effect.forkChild(poll(tenant)))
        const refused = () => waiting.flatMap((fiber) => fiber.pollUnsafe() ?? [])
        yield* until(() => refused().length === 6)
        for (const exit of refused()) assert.strictEqual(Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof TooManyPolls, true)
        // Neither others nor those who do not wait are kept out.
        yield* poll(other, 1)
        yield* poll(tenant, 0)
        assert.strictEqual((yield* Effect.flip(poll(tenant)))._tag, "TooManyPolls")
        for (const fiber of waiting) yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual((yield* poll(tenant, 1)).changes, [])
      }))

    it.effect("is silent while a projection is rebuilt, and does not wait for it", () =>
      Effect.gen(function*() {
        const changes = yield* Changes
        const tenant = yield* newTenant()
        yield* append(tenant, "a", "b", "c")
        const start = yield* changes.now(strong)
        const developer = yield* Layer.build(Layer.fresh(testService({ projections: [casino, { ...casino, version: 2 }] })))
        const seen = Context.get(developer, Changes)
        const place = yield* seen.now(strong)
        const store = Context.get(developer, ProjectionCatalog).stores.find(({ projection }) => projection.version === 2)
        if (store === undefined) return yield* Effect.die("registered above")
        const options = { slices: allSlices, onProgress: () => Effect.void }
        const { done, total } = yield* rebuild({ sql: Context.get(developer, PgClient.PgClient), log: Context.get(developer, EventLog) }, [
          store
        ], options)
        assert.isAbove(done, 0)
        assert.strictEqual(done, total)
        assert.deepStrictEqual(yield* seen.after(tenant, place, look), { kept: undefined, erased: [], changes: [], next: place })
        assert.deepStrictEqual((yield* changes.after(tenant, start, look)).changes, [])
        yield* append(tenant, "d")
        assert.deepStrictEqual((yield* seen.after(tenant, place, look)).changes.map(({ user_id }) => user_id), ["d"])
      }))

    it.effect("answers who waits when the process stops", () =>
      Effect.gen(function*() {
        const stopping = yield* process
        const tenant = yield* newTenant()
        const changes = Context.get(stopping, Changes)
        const start = yield* changes.now(strong)
        const poll = changes.after(tenant, start, { limit: 10, waitSeconds: 60, consistency: eventual })
        const waiting = yield* Effect.forkChild(poll)
        yield* Effect.yieldNow
        yield* changes.stop
        assert.deepStrictEqual((yield* Fiber.join(waiting)).changes, [])
        assert.deepStrictEqual((yield* poll).changes, [])
      }))
  }
)
