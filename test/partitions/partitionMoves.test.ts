import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { SqlClient } from "effect/sql"
import { migrate } from "../../src/database/Migrations.ts"
import { UserErasure } from "../../src/erasure/UserErasure.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { isMoved } from "../../src/event-log/EventLogError.ts"
import { bringHeadsBack, setHeadsAside } from "../../src/event-log/statements/servedSlices.ts"
import { fence, takeFenceBack } from "../../src/partitions/moves/fence.ts"
import type { MoveProgress } from "../../src/partitions/moves/MoveProgress.ts"
import { advanceMove, beginMove, moveOf } from "../../src/partitions/moves/moveRecord.ts"
import { casino } from "../../src/projections/catalog/casino.ts"
import * as Checkpoints from "../../src/projections/feed/Checkpoints.ts"
import { activateVersion } from "../../src/projections/versions/activateVersion.ts"
import { ProjectionCatalog } from "../../src/projections/versions/ProjectionCatalog.ts"
import { removeVersion } from "../../src/projections/versions/removeVersion.ts"
import { Slice } from "../../src/values/Slice.ts"
import { UserId } from "../../src/values/UserId.ts"
import { logWithServer, moves, objectsOfMoves, quiet, whole } from "./moving.ts"

const repeats = Array.from({ length: 40 }, () => "Duplicate")

describe("a move", () => {
  it.live("takes a partition to another server and back, with all that it has", () =>
    Effect.scoped(Effect.gen(function*() {
      const log = yield* logWithServer
      const before = yield* log.betCounts
      const { list, move } = yield* moves(log)
      let nth = 0
      for (const server of ["s1", "home", "s1"]) {
        const { fenced } = yield* move(whole(server), quiet)
        assert.isBelow(fenced, 2000)
        yield* log.servedBy(server)
        const [now] = yield* list
        assert.deepStrictEqual(
          [now?.entry.server, now?.entry.state, now?.entry.epoch, now?.size?.events, now?.move],
          [server, "serving", 2 + nth, 40 + nth, undefined]
        )
        if (nth === 0) assert.deepStrictEqual(yield* log.betCounts, before)
        assert.deepStrictEqual(yield* log.appendAgain(nth), [...repeats, "Appended"])
        nth++
      }
      assert.notDeepEqual(yield* log.betCounts, before)
      for (const sql of [log.home, log.target]) assert.deepStrictEqual(yield* objectsOfMoves(sql), [])
      assert.deepStrictEqual(yield* log.home`select slice from slice_heads union all select slice from checkpoints`, [])
    })), 60_000)

  it.live("leaves the source serving if the target is too far behind, and goes on later", () =>
    Effect.scoped(Effect.gen(function*() {
      const log = yield* logWithServer
      yield* Effect.provideService(migrate, SqlClient.SqlClient, log.target)
      yield* log.target`create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.002); return new; end $$`
      yield* log.target`create trigger slow before insert on fenced_heads for each row execute function slow()`
      yield* log.target`alter table fenced_heads enable always trigger slow`
      const { move } = yield* moves(log, { milliseconds: 50, most: 1 })
      const refused = yield* Effect.flip(move(whole("s1"), quiet))
      assert.deepStrictEqual(refused._tag === "MoveRefused" && refused.reason, "TooFarBehind")
      assert.deepStrictEqual(yield* log.appendAgain(1), [...repeats, "Appended"])
      assert.deepStrictEqual(yield* log.home`select state from partitions`, [{ state: "moving" }])

      yield* log.target`drop trigger slow on fenced_heads`
      const again = yield* moves(log)
      const { fencesTakenBack } = yield* again.move(whole("s1"), quiet)
      assert.strictEqual(fencesTakenBack, 0)
      yield* log.servedBy("s1")
      assert.deepStrictEqual(yield* log.appendAgain(2), [...repeats, "Appended"])
    })), 60_000)

  it.live("goes back from each step before its end, with nothing left", () =>
    Effect.scoped(Effect.gen(function*() {
      const log = yield* logWithServer
      const { cancel, list, move } = yield* moves(log)
      for (const [nth, step] of ["preparing", "copying", "fencing"].entries()) {
        const reached = yield* Deferred.make<void>()
        const running = yield* Effect.forkChild(
          move(whole("s1"), (progress: MoveProgress) => {
            if (progress.step === step) Deferred.doneUnsafe(reached, Effect.void)
          })
        )
        yield* Effect.raceFirst(Deferred.await(reached), Fiber.join(running))
        yield* Fiber.interrupt(running)
        // The fence may have ended before it was interrupted.
        const [now] = yield* list
        if (now?.entry.server === "s1") continue
        assert.isTrue(yield* cancel(0))
        for (const sql of [log.home, log.target]) assert.deepStrictEqual(yield* objectsOfMoves(sql), [])
        assert.deepStrictEqual(yield* log.home`select state, server from partitions`, [{ state: "serving", server: "home" }])
        assert.deepStrictEqual(yield* log.target`select slice from slice_heads`, [])
        assert.deepStrictEqual(yield* log.appendAgain(nth), [...repeats, "Appended"])
      }
    })), 60_000)

  it.live("that was killed in its fence is undone by the service, and can be made later", () =>
    Effect.scoped(Effect.gen(function*() {
      const log = yield* logWithServer
      const { heal, move } = yield* moves(log)
      const reached = yield* Deferred.make<void>()
      const running = yield* Effect.forkChild(move(whole("s1"), ({ behind }) => {
        if (behind !== undefined) Deferred.doneUnsafe(reached, Effect.void)
      }))
      yield* Effect.raceFirst(Deferred.await(reached), Fiber.join(running))
      yield* Fiber.interrupt(running)
      // What a command that is killed leaves behind.
      const killed = yield* moveOf(log.home, 0)
      yield* advanceMove(log.home, killed, "fencing")
      assert.isTrue(yield* fence(log.home, killed))
      assert.deepStrictEqual(yield* log.home`select slice from slice_heads union all select slice from checkpoints`, [])
      assert.isUndefined(yield* heal)
      const minutePasses = log.home`update partition_moves set stepped_at = stepped_at - interval '1 minute'`
      yield* minutePasses
      // Another command has come for it just now.
      yield* beginMove(log.home, whole("s1"))
      assert.isUndefined(yield* heal)
      yield* minutePasses
      assert.strictEqual(yield* heal, 0)
      assert.deepStrictEqual(yield* log.appendAgain(1), [...repeats, "Appended"])
      // It was not dead after all.
      assert.strictEqual((yield* Effect.flip(advanceMove(log.home, { ...killed, step: "fencing" }, "leaving")))._tag, "MoveRefused")
      assert.strictEqual((yield* Effect.flip(fence(log.home, killed)))._tag, "MoveRefused")
      assert.strictEqual((yield* Effect.flip(takeFenceBack(log.home, killed)))._tag, "MoveRefused")

      yield* move(whole("s1"), quiet)
      yield* log.servedBy("s1")
      assert.deepStrictEqual(yield* log.appendAgain(2), [...repeats, "Appended"])
    })), 60_000)

  it.live("takes over from a command that is still at it, which changes nothing any more", () =>
    Effect.scoped(Effect.gen(function*() {
      const log = yield* logWithServer
      const [one, other] = [yield* moves(log), yield* moves(log)]
      const reached = yield* Deferred.make<void>()
      const first = yield* Effect.forkChild(Effect.result(
        one.move(whole("s1"), (progress) => {
          if (progress.step === "copying") Deferred.doneUnsafe(reached, Effect.void)
        })
      ))
      yield* Deferred.await(reached)
      yield* other.move(whole("s1"), quiet)
      const { _tag, ...outcome } = yield* Fiber.join(first)
      assert.strictEqual(_tag, "Failure", JSON.stringify(outcome))
      yield* log.servedBy("s1")
      assert.deepStrictEqual(yield* log.appendAgain(1), [...repeats, "Appended"])
    })), 60_000)

  it.live("is refused where it cannot be made, and says why", () =>
    Effect.scoped(Effect.gen(function*() {
      const log = yield* logWithServer
      const { cancel, move } = yield* moves(log)
      const reasonOf = <A, E>(effect: Effect.Effect<A, E>) =>
        Effect.map(Effect.flip(effect), (error) => typeof error === "object" && error !== null && "reason" in error ? error.reason : error)
      assert.strictEqual(yield* reasonOf(move({ ...whole("s1"), partition: 7 }, quiet)), "Unknown")
      assert.strictEqual(yield* reasonOf(move(whole("home"), quiet)), "NotReady")
      assert.strictEqual(yield* reasonOf(cancel(0)), "Unknown")
      yield* Effect.provideService(migrate, SqlClient.SqlClient, log.target)
      yield* log.target`
        insert into events (slice, position, tenant_id, user_id, idempotency_key, event_type, occurred_at, recorded_at, payload_version, payload)
        values (1, 1, gen_random_uuid(), 'someone', gen_random_uuid(), 'bet', now(), now(), 1, '{}')`
      assert.strictEqual(yield* reasonOf(move(whole("s1"), quiet)), "NotReady")
      assert.deepStrictEqual(yield* log.target`select user_id from events`, [{ user_id: "someone" }])
      assert.deepStrictEqual(yield* log.home`select state from partitions`, [{ state: "serving" }])
      assert.deepStrictEqual(yield* log.appendAgain(1), [...repeats, "Appended"])
    })), 60_000)

  it.live(
    "lets no version be registered, activated or removed, and lets a process start as usual",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const log = yield* logWithServer
        const [store] = Context.get(log.service, ProjectionCatalog).stores
        const catalog = (projections: ReadonlyArray<typeof casino>) =>
          Layer.build(Layer.fresh(ProjectionCatalog.layer(projections))).pipe(Effect.provide(log.service))
        yield* catalog([casino, { ...casino, version: 98 }])
        const { move } = yield* moves(log)
        const reached = yield* Deferred.make<void>()
        const moving = yield* Effect.forkChild(move(whole("s1"), ({ step }) => {
          if (step === "copying") Deferred.doneUnsafe(reached, Effect.void)
        }))
        yield* Deferred.await(reached)
        yield* Fiber.interrupt(moving)
        yield* catalog([casino])
        const refused = yield* Effect.flip(catalog([casino, { ...casino, version: 99 }]))
        assert.strictEqual(refused._tag, "PartitionMoving")
        assert.match(refused.message, /server "s1"/)
        const sql = log.home
        assert.isDefined(store)
        if (store === undefined) return
        const other = { ...store, projection: { ...casino, version: 98 } }
        assert.strictEqual((yield* Effect.flip(activateVersion(sql, other)))._tag === "ActivationRefused", true)
        assert.strictEqual((yield* Effect.flip(removeVersion(sql, other)))._tag === "RemovalRefused", true)
        yield* (yield* moves(log)).cancel(0)
        yield* catalog([casino, { ...casino, version: 99 }])
      })),
    60_000
  )

  it.live("fails what would change a slice that has left, and undoes it", () =>
    Effect.scoped(Effect.gen(function*() {
      const log = yield* logWithServer
      const sql = log.home
      const all = { first: Slice(0), last: Slice(255) }
      const own = yield* Layer.build(Layer.fresh(UserErasure.layer)).pipe(Effect.provide(log.service))
      const erase = Context.get(own, UserErasure).erase(log.tenant, UserId("player-1"))
      yield* sql.withTransaction(Effect.andThen(Checkpoints.setAside(sql, all), setHeadsAside(sql, all)))
      assert.isTrue(isMoved(yield* Effect.flip(erase)))
      assert.isTrue(
        isMoved(
          yield* Effect.flip(
            Context.get(yield* Layer.build(Layer.fresh(EventLog.layer)).pipe(Effect.provide(log.service)), EventLog).append(log.bets)
          )
        )
      )
      assert.deepStrictEqual(yield* sql`select erasure from erased_users`, [])
      yield* sql.withTransaction(Effect.andThen(bringHeadsBack(sql), Checkpoints.bringBack(sql)))
      assert.strictEqual((yield* erase).events, 2)
    })), 60_000)
})
