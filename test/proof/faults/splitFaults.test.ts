import { PgClient } from "@effect/sql-pg"
import { assert } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { setTimeout } from "node:timers/promises"
import { isDeepStrictEqual } from "node:util"
import { referenceLeaderboard } from "../../oracle/referenceLeaderboards.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { testApplication } from "../../support/database/TestSql.ts"
import { request } from "../../support/service/sender.ts"
import { until } from "../../support/time/until.ts"
import { counterProblems, logProblems, verifyProblems } from "./checkExactness.ts"
import { startMirror } from "./EngineMirror.ts"
import type { LoadOutcome } from "./Load.ts"
import { fencedOf, isFenced, slowTarget, succeeds, underLoad } from "./movingUnderLoad.ts"
import { scenario, type Told } from "./scenario.ts"

type UnderLoad = Effect.Success<ReturnType<typeof underLoad>>

interface Entry {
  readonly user_id: string
}

const boardUrl = (url: string) => `${url}/api/v1/leaderboards/casino_turnover?currency=EUR&period=all&limit=1000&consistency=strong`

/**
 * Reads a leaderboard again and again, which is told as what is wrong with any answer. A user whom
 * two databases count is on it twice.
 */
const watchBoard = Effect.fnUntraced(function*(url: string) {
  const found = { answers: 0, refused: 0, wrong: new Set<string>() }
  yield* Effect.forkScoped(Effect.repeat(
    Effect.gen(function*() {
      const { status, text } = yield* request(boardUrl(url), { headers: { prefer: "wait=30" } })
      if (status === 503) {
        found.refused++
        return
      }
      if (status !== 200) return void found.wrong.add(`${status} ${text}`.slice(0, 300))
      found.answers++
      const { entries } = JSON.parse(text) as { entries: ReadonlyArray<Entry> }
      const users = new Set(entries.map(({ user_id }) => user_id))
      if (users.size < entries.length) found.wrong.add(`${entries.length - users.size} users are on the board twice`)
    }).pipe(Effect.ignore),
    Schedule.spaced("100 millis")
  ))
  return found
})

/** What is wrong on the board at the end, by a direct reading of what was acknowledged. */
const boardProblems = Effect.fnUntraced(function*(url: string, { acknowledged }: LoadOutcome) {
  const { status, text } = yield* request(boardUrl(url), { headers: { prefer: "wait=30" } })
  if (status !== 200) return [`no board: ${status} ${text}`]
  const { entries } = JSON.parse(text) as { entries: ReadonlyArray<unknown> }
  const userIds = [...new Set(acknowledged.map(({ data }) => data.user_id))]
  const expected = referenceLeaderboard(acknowledged, userIds, {
    board: "casino_turnover",
    period: "all",
    day: 0,
    currency: "EUR",
    timeZone: "UTC",
    weekStart: 1
  })
  const wrong = expected.slice(0, 1000).findIndex((entry, index) => !isDeepStrictEqual(entry, entries[index]))
  return wrong < 0 ? [] : [`place ${wrong + 1} of the board is ${JSON.stringify(entries[wrong])}, not ${JSON.stringify(expected[wrong])}`]
})

/** All that is wrong in the databases of the log, in the answers, and by the project's commands. */
const assertAllExact = Effect.fnUntraced(
  function*(told: Told, { load, services, settings, urls }: UnderLoad, mirror: Effect.Success<ReturnType<typeof startMirror>>) {
    const outcome = yield* load.finish
    const [home = "", ...others] = Object.values(urls)
    const clientOf = (url: string) =>
      Effect.map(
        Layer.build(Layer.fresh(PgClient.layer({ url: Redacted.make(url), applicationName: testApplication }))),
        (context) => Context.get(context, PgClient.PgClient)
      )
    // Servers without a partition may not have been migrated.
    const used: Array<PgClient.PgClient> = []
    for (const url of others) {
      const sql = yield* clientOf(url)
      const [{ table } = { table: null }] = yield* sql<{ table: string | null }>`select to_regclass('partition_identity')::text as table`
      if (table !== null && (yield* sql`select from partition_identity where partition is not null`).length > 0) used.push(sql)
    }
    const problems = [
      ...yield* Effect.provideService(logProblems(outcome, used), PgClient.PgClient, yield* clientOf(home)),
      ...(yield* Effect.forEach(services, ({ url }) => counterProblems(url, outcome.acknowledged))).flat(),
      ...(yield* Effect.forEach(services, ({ url }) => boardProblems(url, outcome))).flat(),
      ...yield* mirror.problems(outcome.acknowledged),
      ...yield* verifyProblems(home, undefined, settings)
    ]
    told.tell(`${outcome.accepted} accepted, 503 ${outcome.unavailable} times, slowest answer ${(outcome.slowest / 1000).toFixed(1)} s`)
    assert.strictEqual(problems.join("\n"), "")
  }
)

/** Each process, with a reader of its leaderboards, and an engine that follows the first. */
const watched = Effect.fnUntraced(function*(all: UnderLoad) {
  const [first] = all.services
  assert.isDefined(first)
  return {
    mirror: yield* startMirror(first?.url ?? ""),
    boards: yield* Effect.forEach(all.services, ({ url }) => watchBoard(url))
  }
})

const assertBoards = (told: Told, boards: ReadonlyArray<Effect.Success<ReturnType<typeof watchBoard>>>) => {
  const sum = (of: "answers" | "refused") => boards.reduce((sum, board) => sum + board[of], 0)
  told.tell(`the board was read ${sum("answers")} times, and 503 ${sum("refused")} times`)
  assert.deepStrictEqual(boards.flatMap(({ wrong }) => [...wrong]), [])
  assert.isAbove(sum("answers"), 10)
}

scenario("a partition is split under load, and a half of it again", 400, (told) =>
  Effect.gen(function*() {
    const all = yield* underLoad(told, 2)
    const { boards, mirror } = yield* watched(all)
    for (const args of [["0"], ["1", "--to", "s2", "--at", "200"]]) {
      const fenced = fencedOf(yield* succeeds(yield* all.command("split", ...args)))
      told.tell(`served nowhere for ${fenced} ms`)
      assert.isBelow(fenced, 2000)
      const after = all.load.answered()
      yield* until(() => all.load.answered() > after + 10)
    }
    assertBoards(told, boards)
    yield* assertAllExact(told, all, mirror)
  }).pipe(Effect.provide(TestDatabase.layer)))

/**
 * The partition that is split, and where the command is killed: milliseconds after a step began.
 */
const kills = [
  [0, "preparing", 0],
  [0, "preparing", 400],
  [0, "copying", 2000],
  [1, "fencing", 0],
  [1, "fencing", 150],
  [0, "fencing", 250],
  [0, "fencing", 100],
  [0, "leaving", 0],
  [1, "leaving", 40]
] as const

scenario("a split is killed at every step, and goes on or goes back", 900, (told) =>
  Effect.gen(function*() {
    const all = yield* underLoad(told, kills.length)
    const { command, load, urls } = all
    const { boards, mirror } = yield* watched(all)
    for (const url of Object.values(urls).slice(1)) yield* slowTarget(url, 6)
    const places = ["home", "s1"]
    let [killed, inFence, cancelled] = [0, 0, 0]
    for (const [partition, step, wait] of kills) {
      const first = yield* command("split", String(partition))
      yield* until(() => new RegExp(`^${step}`, "m").test(first.stderr()) || first.stdout() !== "")
      yield* Effect.promise(() => setTimeout(wait))
      yield* first.signal("SIGKILL")
      yield* first.ended
      killed++
      if (yield* isFenced(urls[places[partition] ?? ""] ?? "")) inFence++
      const hasEnded = first.stdout() !== ""
      // Every second one goes back, unless it has come too far.
      const back = killed % 2 === 0 ? yield* command("cancel", String(partition)) : undefined
      if (back !== undefined && (yield* back.ended).code === 0) cancelled++
      else if (!hasEnded) yield* succeeds(yield* command("split", String(partition)))
      told.tell(`killed in ${step} of partition ${partition}${back === undefined ? "" : ", and cancelled"}`)
      const after = load.answered()
      yield* until(() => load.answered() > after + 5)
    }
    told.tell(`${killed} kills, ${inFence} of them in the fence; ${cancelled} went back`)
    assert.isAbove(inFence, 0)
    assert.isAbove(cancelled, 1)
    assertBoards(told, boards)
    yield* assertAllExact(told, all, mirror)
  }).pipe(Effect.provide(TestDatabase.layer)))
