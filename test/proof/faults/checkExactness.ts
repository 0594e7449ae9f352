import { PgClient } from "@effect/sql-pg"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { isDeepStrictEqual } from "node:util"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { identityOf, referenceCounters } from "../../oracle/referenceCounters.ts"
import { testApplication } from "../../support/database/TestSql.ts"
import { startProgram } from "../../support/service/program.ts"
import { readCountersOf } from "../../support/service/reader.ts"
import { type LoadOutcome, refusedPrefix } from "./Load.ts"
import type { Told } from "./scenario.ts"

/** What a sender was told, and what it was not told. */
export interface Sent {
  readonly acknowledged: ReadonlyArray<FastTrackItem>
  /** Perhaps stored: no final answer came. */
  readonly unanswered?: ReadonlyArray<FastTrackItem>
}

interface LogRow {
  readonly slice: number
  readonly position: bigint
  readonly user_id: string
  readonly event_type: string
  readonly payload: string
}

/** Most problems named of a kind; the rest are counted. */
const named = 3

const some = (what: string, found: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  found.length === 0 ? [] : [`${found.length} ${what}: ${found.slice(0, named).map((one) => JSON.stringify(one)).join(" ")}`]

const repeated = (identities: ReadonlyArray<string>): ReadonlyArray<string> => {
  const seen = new Set<string>()
  return identities.filter((identity) => seen.size === seen.add(identity).size)
}

/**
 * What is wrong after a fault, in the words of the promise that is broken; nothing if all are kept.
 * The log is read straight from its databases: every acknowledged event is in it exactly once,
 * nothing that was refused is, the positions of each slice are 1, 2, 3 … to its head.
 */
export const logProblems = Effect.fnUntraced(
  function*({ acknowledged, unanswered = [] }: Sent, further: ReadonlyArray<PgClient.PgClient> = []) {
    const databases = [yield* PgClient.PgClient, ...further]
    const rows = (yield* Effect.forEach(
      databases,
      (sql) => sql<LogRow>`select slice, position, user_id, event_type, payload::text as payload from events order by slice, position`
    )).flat()
    const heads =
      (yield* Effect.forEach(databases, (sql) => sql<{ slice: number; position: bigint }>`select slice, position from slice_heads`)).flat()

    const identities = rows.map(identityOfRow)
    const log = new Set(identities)
    const must = new Set(acknowledged.map(identityOf))
    const may = new Set(unanswered.map(identityOf))

    const ends = new Map<number, bigint>()
    const holes: Array<string> = []
    for (const { position, slice } of rows) {
      if (position !== (ends.get(slice) ?? 0n) + 1n) {
        holes.push(`${slice}/${position}`)
      }
      ends.set(slice, position)
    }
    return [
      ...some(
        "acknowledged events are not in the log",
        [...must].filter((identity) => !log.has(identity))
      ),
      ...some("events are in the log more than once", repeated(identities)),
      ...some(
        "events of refused requests are in the log",
        rows.filter((row) => row.user_id.startsWith(refusedPrefix)).map((row) => row.user_id)
      ),
      ...some("events are in the log that nobody was told of", [...log].filter((identity) => !must.has(identity) && !may.has(identity))),
      ...some("positions do not follow the one before", holes),
      ...some("slices are served by several databases", repeated(heads.map(({ slice }) => String(slice)))),
      ...some(
        "heads are not where their slices end",
        heads.filter(({ position, slice }) => position !== (ends.get(slice) ?? 0n)).map(({ slice }) => slice)
      )
    ]
  }
)

/** Of what a sender was told is stored: what the log has, and how many events it has not. */
export const splitByLog = Effect.fnUntraced(function*(_: { readonly url: string }, acknowledged: ReadonlyArray<FastTrackItem>) {
  const sql = yield* PgClient.PgClient
  const rows = yield* sql<LogRow>`select slice, position, user_id, event_type, payload::text as payload from events`
  const log = new Set(rows.map(identityOfRow))
  const kept = acknowledged.filter((item) => log.has(identityOf(item)))
  return { kept, lost: new Set(acknowledged.map(identityOf)).difference(log).size }
}, (effect, { url }) => Effect.provide(effect, PgClient.layer({ url: Redacted.make(url), applicationName: testApplication })))

/**
 * The payload is the item's data without what has columns of its own; what makes an identity is all
 * there.
 */
const identityOfRow = (row: LogRow): string =>
  identityOf({ event: row.event_type, data: { ...JSON.parse(row.payload) as object, user_id: row.user_id } } as FastTrackItem)

/**
 * Users whose counters, read strongly over HTTP, are not what a reading of docs/design.md#counters
 * makes of what was acknowledged.
 */
export const counterProblems = Effect.fnUntraced(function*(url: string, acknowledged: ReadonlyArray<FastTrackItem>, timeZone = "UTC") {
  const users = [...Map.groupBy(acknowledged, ({ data }) => data.user_id)]
  const wrong: Array<unknown> = []
  for (let start = 0; start < users.length; start += 200) {
    const asked = users.slice(start, start + 200)
    const documents = new Map(
      (yield* readCountersOf(url, asked.map(([userId]) => userId))).map((document) => [document["user_id"], document])
    )
    const now = new Date()
    for (const [userId, items] of asked) {
      const expected = referenceCounters(items, { timeZone, now, userId })
      for (const [section, value] of Object.entries(expected)) {
        const found = documents.get(userId)?.[section]
        if (!isDeepStrictEqual(found, JSON.parse(JSON.stringify(value)))) wrong.push([userId, section, found ?? "missing", value])
      }
    }
  }
  return some("sections of counters are not the fold of the log", wrong)
})

/** What the project's own commands find wrong, `events verify` and `projections verify`. */
export const verifyProblems = Effect.fnUntraced(function*(
  databaseUrl: string,
  folder?: string,
  settings: Readonly<Record<string, string>> = {}
) {
  const problems: Array<string> = []
  for (const command of [["events", "verify"], ["projections", "verify"]]) {
    const verifying = yield* startProgram(command, { DATABASE_URL: databaseUrl, ...settings }, folder)
    const { code } = yield* verifying.ended
    if (code !== 0) problems.push(`${command.join(" ")} ended with ${code}: ${verifying.stdout()}${verifying.stderr()}`.slice(0, 1500))
  }
  return problems
})

/**
 * States after a fault that nothing was lost, doubled or let in, that positions are dense, that
 * every counter is the fold of the log and that the project's own commands agree; tells how much
 * that was said of. Fails with all that is wrong.
 */
export const assertExact = Effect.fnUntraced(
  function*(told: Told, database: { readonly url: string; readonly folder?: string }, serviceUrl: string, outcome: LoadOutcome) {
    const problems = [
      ...yield* logProblems(outcome),
      ...yield* counterProblems(serviceUrl, outcome.acknowledged),
      ...yield* verifyProblems(database.url, database.folder)
    ]
    const events = new Set(outcome.acknowledged.map(identityOf)).size
    const users = new Set(outcome.acknowledged.map(({ data }) => data.user_id)).size
    told.tell(
      `${events} events of ${users} users, ${outcome.conflicts} conflicts and ${outcome.refused} refusals; sent again ${outcome.lost} unanswered and ` +
        `${outcome.unavailable} answered 503; slowest answer ${(outcome.slowest / 1000).toFixed(1)} s`
    )
    assert.strictEqual(problems.join("\n"), "")
    assert.isAbove(events, 100, "enough to tell")
  },
  (effect, _, { url }) => Effect.provide(effect, PgClient.layer({ url: Redacted.make(url), applicationName: testApplication }))
)

/**
 * The same where PostgreSQL has lost events: nothing is doubled or let in, positions are dense, and
 * every counter is the fold of what the log has. Tells how many acknowledged events are lost, and
 * gives that.
 */
export const assertExactForLog = Effect.fnUntraced(
  function*(told: Told, database: { readonly url: string; readonly folder?: string }, serviceUrl: string, outcome: LoadOutcome) {
    const { kept, lost } = yield* splitByLog(database, outcome.acknowledged)
    told.tell(`${lost} acknowledged events are lost`)
    yield* assertExact(told, database, serviceUrl, { ...outcome, acknowledged: kept })
    return lost
  }
)
