import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { KnownProjections } from "../../src/cli/projections/KnownProjections.ts"
import { versionsOfPartition } from "../../src/cli/projections/projectionsLayer.ts"
import { type DatabasesOfLog, LogDatabases } from "../../src/event-log/LogDatabases.ts"
import { mark, unmark } from "../../src/event-log/unfinishedImport.ts"
import { logDatabases } from "../../src/partitions/logDatabases.ts"
import { armFence, disarmFence, fence, takeFenceBack } from "../../src/partitions/moves/fence.ts"
import { beginMove, endMove } from "../../src/partitions/moves/moveRecord.ts"
import { overPartitions } from "../../src/partitions/overPartitions.ts"
import { spreadVersions } from "../../src/partitions/spreadVersions.ts"
import { casino } from "../../src/projections/catalog/casino.ts"
import { ProjectionVersions } from "../../src/projections/versions/ProjectionVersions.ts"
import { exportLog } from "../../src/transfer/exportLog.ts"
import { importLog } from "../../src/transfer/importLog.ts"
import { verifyLog } from "../../src/transfer/verifyLog.ts"
import { fileOf, sampleLog } from "../support/events/sampleLog.ts"
import { logWithServer, moves, quiet, whole } from "./moving.ts"

type Log = Effect.Success<typeof logWithServer>

/** The databases of the log as a command finds them now. */
const databasesOf = (log: Log) =>
  Effect.map(
    Layer.build(Layer.fresh(logDatabases)).pipe(Effect.provide(log.service)),
    (context) => Context.get(context, LogDatabases) ?? assert.fail("a log without databases")
  )

const on = (log: Log, databases: DatabasesOfLog) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.provideService(LogDatabases, databases), Effect.provideService(PgClient.PgClient, log.home))

/**
 * Fences the source of a move. The command that meets the fence asks where the log is, and has it
 * taken back by that.
 */
const fencedUntilAsked = Effect.fnUntraced(function*(log: Log) {
  const move = yield* beginMove(log.home, whole("s1"))
  yield* armFence(log.home, move)
  const databases = yield* databasesOf(log)
  assert.isTrue(yield* fence(log.home, move))
  let asked = 0
  return {
    asked: () => asked,
    databases: {
      ...databases,
      whereabouts: Effect.tap(databases.whereabouts, () => {
        asked++
        return Effect.orDie(takeFenceBack(log.home, move))
      })
    },
    end: Effect.andThen(disarmFence(log.home, move), endMove(log.home, move))
  }
})

const exported = Effect.map(Stream.runCollect(exportLog()), (pieces) => Buffer.concat(pieces))
const verified = Effect.map(Stream.runCollect(verifyLog()), (verdicts) => ({
  events: verdicts.reduce((sum, { events }) => sum + events, 0),
  findings: verdicts.flatMap(({ findings }) => findings)
}))

/** The same stream; something is done once its first element has come. */
const afterFirst = <A, E, R, E2, R2>(stream: Stream.Stream<A, E, R>, run: Effect.Effect<unknown, E2, R2>) =>
  Stream.mapEffect(Stream.zipWithIndex(stream), ([element, index]) => index === 0 ? Effect.as(run, element) : Effect.succeed(element))

const ways = [
  { name: "a move", wish: whole("s1") },
  { name: "a split", wish: { partition: 0, target: "s1", isSplit: true } }
]

describe("what goes through the whole log", () => {
  it.live("waits for the end of a fence that is taken back, and misses nothing", () =>
    Effect.scoped(Effect.gen(function*() {
      const log = yield* logWithServer
      const file = yield* on(log, yield* databasesOf(log))(exported)
      for (const _ of [1, 2]) {
        const fenced = yield* fencedUntilAsked(log)
        assert.isTrue(file.equals(yield* on(log, fenced.databases)(exported)))
        assert.isAbove(fenced.asked(), 0)
        yield* fenced.end
      }
      const fenced = yield* fencedUntilAsked(log)
      assert.deepStrictEqual(yield* on(log, fenced.databases)(verified), { events: log.bets.length, findings: [] })
      assert.isAbove(fenced.asked(), 0)
    })), 60_000)

  for (const { name, wish } of ways) {
    it.live(`says after ${name} that a part has moved, and is exact when it is run again`, () =>
      Effect.scoped(Effect.gen(function*() {
        const log = yield* logWithServer
        const { move } = yield* moves(log)
        const [before, during] = [yield* databasesOf(log), yield* databasesOf(log)]
        const file = yield* on(log, before)(exported)
        const outdated = yield* on(log, before)(Effect.flip(Stream.runDrain(afterFirst(exportLog(), move(wish, quiet)))))
        assert.strictEqual(outdated._tag, "LogMoved", String(outdated))
        const verdicts: Array<unknown> = []
        const stopped = yield* on(log, during)(
          Effect.flip(Stream.runForEach(verifyLog(), (verdict) => Effect.sync(() => verdicts.push(...verdict.findings))))
        )
        assert.strictEqual(stopped._tag, "LogMoved", String(stopped))
        assert.deepStrictEqual(verdicts, [])
        const after = yield* databasesOf(log)
        assert.isTrue(file.equals(yield* on(log, after)(exported)))
        assert.deepStrictEqual(yield* on(log, after)(verified), { events: log.bets.length, findings: [] })
      })), 60_000)
  }

  it.live("verifies the slices that have not left yet, and no other", () =>
    Effect.scoped(Effect.gen(function*() {
      const log = yield* logWithServer
      const { move } = yield* moves(log)
      const databases = yield* databasesOf(log)
      const findings: Array<unknown> = []
      const stopped = yield* on(log, databases)(Effect.flip(Stream.runForEach(
        afterFirst(verifyLog(), move(whole("s1"), quiet)),
        (verdict) => Effect.sync(() => findings.push(...verdict.findings))
      )))
      assert.strictEqual(stopped._tag, "LogMoved", String(stopped))
      assert.deepStrictEqual(findings, [])
    })), 60_000)
})

describe("an import", () => {
  const file = Stream.succeed(fileOf(sampleLog(50)))

  it.live(
    "does not begin while a part of the log is on its way, and keeps all of it where it is",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const log = yield* logWithServer
        const begun = yield* beginMove(log.home, whole("s1"))
        const refused = yield* on(log, yield* databasesOf(log))(Effect.flip(importLog(file)))
        assert.match(refused.message, /on its way to another server/)
        yield* endMove(log.home, begun)
        assert.match((yield* on(log, yield* databasesOf(log))(Effect.flip(importLog(file)))).message, /has events already/)

        const { move } = yield* moves(log)
        // An import that looked before the move began.
        let isMarked = false
        const stopped = yield* Effect.flip(move(whole("s1"), ({ behind }) => {
          if (behind === undefined || isMarked) return
          isMarked = true
          Effect.runFork(log.home.withTransaction(mark(log.home, { line: 1, events: 0, sha256: "" })))
        }))
        assert.strictEqual(stopped._tag, "ImportUnfinished", String(stopped))
        assert.deepStrictEqual(yield* log.home`select count(*)::int as heads from slice_heads`, [{ heads: 256 }])
        assert.strictEqual((yield* Effect.flip(move(whole("s1"), quiet)))._tag, "ImportUnfinished")
        assert.deepStrictEqual(yield* log.home`select state, server from partitions`, [{ state: "serving", server: "home" }])
        yield* log.home.withTransaction(unmark(log.home))
        yield* move(whole("s1"), quiet)
        yield* log.servedBy("s1")
        assert.include(yield* log.appendAgain(1), "Appended")
      })),
    60_000
  )
})

describe("the versions of projections", () => {
  const second = { ...casino, version: casino.version + 1 }

  /** The services of a command on projections. */
  const versionsOf = (log: Log) =>
    Layer.build(Layer.fresh(overPartitions(
      Layer.provideMerge(ProjectionVersions.layer, versionsOfPartition()),
      (set) => Context.make(ProjectionVersions, spreadVersions(set))
    ))).pipe(
      Effect.provide(log.service),
      Effect.provideService(KnownProjections, [casino, second]),
      Effect.map((context) => Context.get(context, ProjectionVersions))
    )

  it.live("are not taken for rebuilt, compared or verified while their slices are set aside", () =>
    Effect.scoped(Effect.gen(function*() {
      const log = yield* logWithServer
      const versions = yield* versionsOf(log)
      yield* versions.rebuild([second])
      const { asked } = yield* fencedUntilAsked(log)
      for (const run of [versions.verify("AllActive"), versions.diff(second), versions.rebuild([second])]) {
        const failed = yield* Effect.flip(Effect.asVoid(run as Effect.Effect<unknown, unknown>))
        assert.match(String((failed as { cause?: unknown }).cause), /is not served now/, String(failed))
      }
      assert.strictEqual(asked(), 0)
    })), 60_000)

  for (const { name, wish } of ways) {
    it.live(
      `are verified exactly or not at all after ${name}, and exactly by the next command`,
      () =>
        Effect.scoped(Effect.gen(function*() {
          const log = yield* logWithServer
          const { move } = yield* moves(log)
          const versions = yield* versionsOf(log)
          let isMoved = false
          const verified = Effect.fnUntraced(function*(by: typeof versions, onSlice: () => Effect.Effect<void>) {
            let [events, users] = [0, 0]
            const { findings } = yield* by.verify("AllActive", {
              onSlice,
              onVerified: (one) =>
                Effect.sync(() => {
                  events += one.events
                  users += one.users
                })
            })
            assert.deepStrictEqual({ findings, events, users }, { findings: 0, events: log.bets.length, users: 20 })
          })
          const onSlice = () => {
            if (isMoved) return Effect.void
            isMoved = true
            return Effect.orDie(Effect.asVoid(move(wish, quiet)))
          }
          // Where the move has ended within two seconds, it is verified again where the slices are.
          const during = yield* Effect.result(verified(versions, onSlice))
          if (Result.isFailure(during)) assert.strictEqual(during.failure._tag, "DatabaseUnavailable", String(during.failure))
          assert.isTrue(isMoved)
          const again = yield* versionsOf(log)
          yield* verified(again, () => Effect.void)
          let rebuilt = 0
          yield* again.rebuild([second], { onRebuilt: ({ done }) => Effect.sync(() => void (rebuilt += done)) })
          assert.strictEqual(rebuilt, log.bets.length)
        })),
      60_000
    )
  }
})
