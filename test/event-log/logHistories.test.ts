import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Migrations } from "../../src/database/Migrations.ts"
import { askIncarnation, findToldParts, isSame } from "../../src/event-log/incarnation.ts"
import { lineageLength, noHistory } from "../../src/event-log/Lineage.ts"
import { LogHistories } from "../../src/event-log/LogHistories.ts"
import { allSlices } from "../../src/event-log/sliceOf.ts"
import { Position } from "../../src/values/Position.ts"
import { Slice } from "../../src/values/Slice.ts"
import { copyDatabase } from "../support/database/copyDatabase.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { testClients } from "../support/service/TestService.ts"

const histories = LogHistories.layer.pipe(Layer.provideMerge(Migrations.layer), Layer.provideMerge(testClients))

/** Runs something as a process of its own on a database. */
const on = <A, E>(database: TestDatabase["Service"], run: Effect.Effect<A, E, LogHistories | PgClient.PgClient>) =>
  run.pipe(Effect.provide(Layer.fresh(histories)), Effect.provideService(TestDatabase, database))

/** Every slice at a position. */
const placeAt = (position: number) => allSlices.map(() => position)

const moveHeads = (position: number) => Effect.flatMap(PgClient.PgClient, (sql) => sql`update slice_heads set position = ${position}`)

const keepUp = Effect.flatMap(LogHistories, ({ keepUp }) => keepUp)

it.live("a database begins one history, and goes on with it in other processes", () =>
  Effect.gen(function*() {
    const database = yield* TestDatabase
    const [before, first] = yield* on(
      database,
      Effect.gen(function*() {
        const { continueAt, known, newest } = yield* LogHistories
        assert.isUndefined(known())
        assert.deepStrictEqual(yield* newest, noHistory)
        const before = yield* continueAt(noHistory, placeAt(3).map((each) => Position(each)))
        yield* moveHeads(3)
        yield* Effect.all([keepUp, keepUp, keepUp], { concurrency: "unbounded" })
        return [before, yield* newest] as const
      })
    )
    assert.deepStrictEqual(before, { lineage: noHistory, place: placeAt(3).map((each) => Position(each)), wentBack: [] })
    assert.strictEqual(first.history, 1)
    assert.strictEqual(first.tags.length, 1)
    yield* on(
      database,
      Effect.gen(function*() {
        const { continueAt, known, newest } = yield* LogHistories
        assert.deepStrictEqual(known()?.lineage, first)
        yield* keepUp
        assert.deepStrictEqual(yield* newest, first)
        assert.deepStrictEqual(yield* continueAt(noHistory, placeAt(2).map((each) => Position(each))), {
          lineage: first,
          place: placeAt(2).map((each) => Position(each)),
          wentBack: []
        })
        assert.deepStrictEqual(yield* continueAt(first, placeAt(9).map((each) => Position(each))), {
          lineage: first,
          place: placeAt(9).map((each) => Position(each)),
          wentBack: []
        })
      })
    )
  }).pipe(Effect.scoped, Effect.provide(TestDatabase.layer)))

it.live("a cursor of a branch that was lost goes on where the branches part", () =>
  Effect.gen(function*() {
    const original = yield* TestDatabase
    const first = yield* on(original, Effect.andThen(moveHeads(5), Effect.map(keepUp, ({ lineage }) => lineage)))
    const copy = yield* copyDatabase(original)
    // The original goes on, and so does the copy, from the same place.
    yield* on(original, moveHeads(20))
    const branch = yield* on(
      copy,
      Effect.gen(function*() {
        const { continueAt, known, newest } = yield* LogHistories
        assert.isUndefined(known(), "the history of the database that it is a copy of is not its own")
        assert.deepStrictEqual(yield* newest, first)
        // Nobody has appended: nothing else can stand behind the end.
        assert.deepStrictEqual(yield* continueAt(first, placeAt(20).map((each) => Position(each))), {
          lineage: first,
          place: placeAt(20).map((each) => Position(each)),
          wentBack: []
        })
        yield* moveHeads(7)
        const { lineage } = yield* keepUp
        yield* moveHeads(30)
        return lineage
      })
    )
    assert.strictEqual(branch.history, 2)
    assert.deepStrictEqual(branch.tags.slice(1), first.tags)

    const wentBack = (position: number) => allSlices.map((slice) => ({ slice, position: Position(position) }))
    yield* on(
      copy,
      Effect.gen(function*() {
        const { continueAt } = yield* LogHistories
        assert.deepStrictEqual(yield* continueAt(first, placeAt(6).map((each) => Position(each))), {
          lineage: branch,
          place: placeAt(6).map((each) => Position(each)),
          wentBack: []
        })
        assert.deepStrictEqual(yield* continueAt(first, placeAt(20).map((each) => Position(each))), {
          lineage: branch,
          place: placeAt(7).map((each) => Position(each)),
          wentBack: wentBack(7)
        })
        // A history of the same number in the branch that was lost, known by its ancestor.
        const lost = { history: 2, tags: [1n, ...first.tags] }
        assert.deepStrictEqual(yield* continueAt(lost, placeAt(20).map((each) => Position(each))), {
          lineage: branch,
          place: placeAt(7).map((each) => Position(each)),
          wentBack: wentBack(7)
        })
        // So many have been lost that nothing is in common: everything again.
        const unknown = { history: 9, tags: Array.from({ length: lineageLength }, (_, age) => BigInt(age)) }
        assert.deepStrictEqual(yield* continueAt(unknown, placeAt(6).map((each) => Position(each))), {
          lineage: branch,
          place: placeAt(0).map((each) => Position(each)),
          wentBack: wentBack(0)
        })
        assert.deepStrictEqual(yield* continueAt(unknown, placeAt(0).map((each) => Position(each))), {
          lineage: branch,
          place: placeAt(0).map((each) => Position(each)),
          wentBack: []
        })
      })
    )
  }).pipe(Effect.scoped, Effect.provide(TestDatabase.layer)))

it.live("a process that remembers is told of another history, with what it saw committed", () =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const { keepUp, noteCommitted, onNewHistory } = yield* LogHistories
    const told: Array<number> = []
    onNewHistory(({ lineage }) => told.push(lineage.history))
    yield* keepUp
    yield* moveHeads(4)
    noteCommitted(Slice(17), Position(6))
    yield* keepUp
    assert.deepStrictEqual(told, [])
    // Another server has appended in between, and its history is not that of this one.
    yield* sql`update log_histories set server_started = 'before'`
    const { lineage } = yield* keepUp
    assert.deepStrictEqual(told, [2])
    assert.deepStrictEqual(
      yield* sql`select history, heads[18]::int as head, cardinality(heads) as heads from log_histories order by history desc limit 1`,
      [{ history: BigInt(lineage.history), head: 4, heads: 256 }]
    )
    yield* keepUp
    assert.deepStrictEqual(told, [2])
  }).pipe(Effect.provide(histories), Effect.provide(TestDatabase.layer)))

it.live("a database that does not tell all of itself is asked for the rest", () =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const { url } = yield* TestDatabase
    const role = `untold_${new URL(Redacted.value(url)).pathname.slice(1)}`
    yield* Effect.acquireRelease(
      sql.unsafe(`create role ${role}`),
      () => Effect.orDie(Effect.andThen(sql.unsafe(`drop owned by ${role}`), sql.unsafe(`drop role ${role}`)))
    )
    yield* sql`revoke execute on function pg_walfile_name(pg_lsn) from public`
    const { all, some } = yield* Effect.gen(function*() {
      const untold = yield* PgClient.PgClient
      return {
        all: yield* askIncarnation(sql, yield* findToldParts(sql)),
        some: yield* askIncarnation(untold, yield* findToldParts(untold))
      }
    }).pipe(Effect.provide(Layer.fresh(PgClient.layer({ url, startupParameters: { role } }))))
    assert.isNotNull(all.timeline)
    assert.deepStrictEqual(some, { ...all, timeline: null })
    // Two roles that are told different parts go on with one history.
    assert.isTrue(isSame(all, some))
    assert.isFalse(isSame(all, { ...some, server_started: "before" }))
  }).pipe(Effect.scoped, Effect.provide(histories), Effect.provide(TestDatabase.layer)))
