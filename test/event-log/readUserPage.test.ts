import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { randomBytes } from "node:crypto"
import { largestMessage } from "../../src/database/largestMessage.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { readableEvent } from "../../src/event-log/readableEvent.ts"
import { largestShown, pageBytes, type StoredUserEvent } from "../../src/event-log/statements/readUserPage.ts"
import { EventTooLarge, exportLog } from "../../src/transfer/exportLog.ts"
import { TenantId } from "../../src/values/TenantId.ts"
import { UserId } from "../../src/values/UserId.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bet } from "../support/events/events.ts"
import { newEvent, userInSlice } from "../support/events/newEvent.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { testService } from "../support/service/TestService.ts"

const MiB = 1024 * 1024
const process = Layer.build(Layer.fresh(testService({ projections: [] })))
const inProcess = <A, E, R>(body: Effect.Effect<A, E, R>) => Effect.flatMap(process, (context) => Effect.provide(body, context))

/** All pages, as whoever follows them gets them. */
const pagesOf = Effect.fnUntraced(function*(tenantId: string, userId: string, limit: number) {
  const log = yield* EventLog
  const pages: Array<ReadonlyArray<StoredUserEvent>> = []
  for (let before = Number.MAX_SAFE_INTEGER;;) {
    const { events, isMore } = yield* log.readUserPage({ tenantId: TenantId(tenantId), userId: UserId(userId), before, limit })
    pages.push(events)
    const last = events.at(-1)
    if (!isMore || last === undefined) return pages
    before = last.position
  }
})

const database = TestDatabase.layerOfOne("the pages of a user are read in one partition")

layer(database, { excludeTestServices: true })("pages of a user's events", (it) => {
  it.effect(
    "are bounded in number and in bytes, and have each event once, newest first, however large they are",
    () =>
      Effect.gen(function*() {
        const log = yield* EventLog
        const tenant = yield* newTenant("sizes")
        const user = userInSlice(tenant, 3)
        // Such as the database compresses to nothing, such as it cannot, and small ones between.
        const sizes: Array<number> = Array.from({ length: 60 }, (_, nth) => nth % 7 === 0 ? 700_000 : nth % 3 === 0 ? 90_000 : 10)
        sizes.push(3 * MiB, 10, 3 * MiB)
        yield* log.append(sizes.map((size, nth) => {
          const event = newEvent(tenant, bet({ user_id: UserId(user), unique_id: `${nth}` }))
          const filler = nth % 2 === 0 ? "a".repeat(size) : randomBytes(Math.ceil(size / 2)).toString("hex").slice(0, size)
          return { ...event, payload: JSON.stringify({ ...JSON.parse(event.payload), filler }) }
        }))
        for (const limit of [1, 4, 500]) {
          const pages = yield* pagesOf(tenant.tenantId, user, limit)
          assert.deepStrictEqual(pages.flat().map(({ position }) => position), sizes.map((_, nth) => sizes.length - nth))
          for (const page of pages) {
            assert.isAtMost(page.length, limit)
            const bytes = page.reduce((sum, event) => sum + event.bytes, 0)
            assert.isTrue(page.length === 1 || bytes <= pageBytes, `${page.length} events of ${bytes} bytes`)
            for (const { bytes, payload } of page) assert.strictEqual(Buffer.byteLength(payload ?? ""), bytes)
          }
          // A page is no shorter than it has to be.
          pages.slice(0, -1).forEach((page, nth) => {
            const next = pages[nth + 1]?.[0]?.bytes ?? 0
            assert.isTrue(page.length === limit || page.reduce((sum, event) => sum + event.bytes, 0) + next > pageBytes)
          })
        }
      }).pipe(inProcess),
    20_000
  )

  it.effect(
    "are the same for a user with many events, whether the slice is the user's own or others have come since",
    () =>
      Effect.gen(function*() {
        const log = yield* EventLog
        const sql = yield* PgClient.PgClient
        const tenant = yield* newTenant("many")
        const [user, other] = [userInSlice(tenant, 4), userInSlice(tenant, 4, 1)]
        const events = (of: string, count: number) =>
          Array.from({ length: count }, (_, nth) => newEvent(tenant, bet({ user_id: UserId(of), unique_id: `${nth}` })))
        for (const part of [events(user, 1_300), events(other, 900), events(user, 2_600).slice(1_300)]) yield* log.append(part)
        const own = Effect.map(
          sql<
            { position: number }
          >`select position::int from events where user_id = ${user} and tenant_id = ${tenant.tenantId}::uuid order by position desc`,
          (rows) => rows.map(({ position }) => position)
        )
        assert.deepStrictEqual((yield* pagesOf(tenant.tenantId, user, 500)).flat().map(({ position }) => position), yield* own)
        // Far from where the user was last seen.
        yield* log.append(events(other, 6_000).slice(900))
        assert.deepStrictEqual((yield* pagesOf(tenant.tenantId, user, 499)).flat().map(({ position }) => position), yield* own)
        assert.deepStrictEqual((yield* pagesOf(tenant.tenantId, other, 500)).flat().length, 6_000)
      }).pipe(inProcess),
    20_000
  )

  it.effect("have what an older release has stored: whole if it is not too large, else with its size", () =>
    Effect.gen(function*() {
      const log = yield* EventLog
      assert.isAbove(largestMessage, 2 * readableEvent)
      const tenant = yield* newTenant("older")
      const user = userInSlice(tenant, 5)
      const sql = yield* PgClient.PgClient
      // As case 01 has it, more than the driver takes in a message unless it is told to.
      const sizes = [100_000, largestShown, largestShown + 1, 17_200_000, readableEvent + 1]
      yield* log.append(sizes.map((_, nth) => newEvent(tenant, bet({ user_id: UserId(user), unique_id: `${nth}` }))))
      yield* sql`alter table events disable trigger all`.unprepared
      for (const [nth, bytes] of sizes.entries()) {
        yield* sql`
          update events set payload = ('{"filler":"' || repeat('x', ${bytes - 13}::int) || '"}')::json where slice = 5 and position = ${
          nth + 1
        }`
      }
      const shown = (yield* pagesOf(tenant.tenantId, user, 500)).flat()
      assert.deepStrictEqual(shown.map(({ bytes }) => bytes), sizes.toReversed())
      assert.deepStrictEqual(shown.map(({ payload }) => payload?.length), [undefined, undefined, undefined, largestShown, 100_000])
      const older = { tenantId: tenant.tenantId, userId: UserId(user), before: 5, limit: 1, largest: readableEvent }
      assert.strictEqual((yield* log.readUserPage(older)).events[0]?.payload?.length, 17_200_000)

      const refused = yield* Effect.result(Stream.runDrain(exportLog()))
      assert.deepStrictEqual(
        Result.isFailure(refused) ? refused.failure : undefined,
        new EventTooLarge({ slice: 5, position: 5, bytes: readableEvent + 1 })
      )
      yield* sql`update events set payload = '{}' where slice = 5 and position in (3, 5)`
      const exported = yield* Stream.runFold(exportLog(), () => 0, (bytes, piece) => bytes + piece.length)
      assert.isAbove(exported, 17_200_000 + largestShown)
    }).pipe(inProcess), 30_000)
})
