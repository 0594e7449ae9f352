import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Schedule from "effect/Schedule"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { classifySqlError } from "../../database/classifySqlError.ts"
import { inSteadyTime } from "../../platform/monotonicClock.ts"
import { known } from "../../values/known.ts"
import { EventLogUnavailable } from "../EventLogError.ts"
import { appendDuration, appendLockWait, appendSize } from "../metrics.ts"
import type { NewEvent } from "../RecordedEvent.ts"
import { type AppendRow, appendStatement } from "../statements/appendStatement.ts"
import type { AppendMemory } from "./AppendMemory.ts"

/** What one statement is to write. */
export interface StatementInput {
  readonly events: ReadonlyArray<NewEvent>
  /** Whether the statement looks for stored keys first. */
  readonly looksUp: boolean
}

type Answer = Effect.Effect<ReadonlyArray<AppendRow>, SqlError.SqlError | EventLogUnavailable>

/**
 * Runs the append statement, and runs it again for up to 5 seconds after what may pass: a lost
 * connection, a lock or statement timeout, a server that restarts.
 *
 * A rerun looks keys up: the first run may have committed, or may have waited, with its heads
 * locked, for another append of the same keys.
 */
export const runStatement = (sql: PgClient.PgClient, memory: AppendMemory, input: StatementInput): Answer =>
  Effect.catchIf(
    runInNewestHistory(sql, memory, input),
    isTransient,
    () =>
      Effect.retry(runInNewestHistory(sql, memory, { ...input, looksUp: true }), {
        while: isTransient,
        schedule: Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("1 second")]).pipe(
          Schedule.upTo({ duration: "5 seconds" })
        )
      }).pipe(inSteadyTime)
  ).pipe(
    Effect.timed,
    Effect.tap(([duration, rows]) =>
      Effect.all([
        Metric.update(appendDuration, duration),
        Metric.update(appendSize, input.events.length),
        Metric.update(appendLockWait, rows.find(({ waited }) => waited !== null)?.waited ?? 0)
      ], { discard: true })
    ),
    Effect.map(([, rows]) => rows)
  )

const isTransient = (error: SqlError.SqlError | EventLogUnavailable): boolean =>
  error._tag === "SqlError" && classifySqlError(error)._tag === "Transient"

/** Runs the statement in the newest history of the log. The usual case takes one round trip. */
const runInNewestHistory = (sql: PgClient.PgClient, memory: AppendMemory, input: StatementInput): Answer =>
  Effect.suspend(() => {
    const history = memory.histories.known()
    if (history === undefined || memory.doubtsTenants) return followServers(sql, memory, input)
    return Effect.flatMap(
      appendStatement(sql, { ...input, erased: memory.erased, history }),
      (rows) => isOtherServer(rows) ? followServers(sql, memory, { ...input, looksUp: true }) : Effect.succeed(rows)
    )
  })

const isOtherServer = (rows: ReadonlyArray<AppendRow>): boolean => rows.some(({ kind }) => kind === "other server")

/**
 * Servers that one statement follows. More in a row are not a failover but two primaries behind one
 * name.
 */
const maxServers = 3

/**
 * Runs the statement where the server may not be the one of the known history.
 *
 * On another server the statement stores nothing. `keepUp` then begins or finds that server's
 * history and empties the memory, and the statement runs again with a look-up.
 */
const followServers = Effect.fnUntraced(function*(sql: PgClient.PgClient, memory: AppendMemory, { events, looksUp }: StatementInput) {
  const { erased, histories } = memory
  for (let servers = 0; servers < maxServers; servers++) {
    const history = histories.known() ?? (yield* histories.keepUp)
    if (memory.doubtsTenants) yield* refuseLostTenants(sql, events)
    const rows = yield* appendStatement(sql, { events, looksUp: looksUp || servers > 0, erased, history })
    if (!isOtherServer(rows)) return rows
    yield* histories.keepUp
  }
  return yield* new EventLogUnavailable({ cause: new Error("each statement reaches another server") })
})

/**
 * Refuses events of tenants that the database has lost.
 *
 * Their API keys are lost too. Such events came before the loss and are still under way.
 */
const refuseLostTenants = Effect.fnUntraced(function*(sql: PgClient.PgClient, events: ReadonlyArray<NewEvent>) {
  const tenants = [...new Set(events.map(({ tenantId }) => tenantId))]
  const [row] = yield* sql<{ found: number }>`
    select count(*)::int as found from tenants where tenant_id = any (${arrayOf.uuid(tenants)}::uuid[])`
  if (known(row, "count of tenants").found !== tenants.length) {
    return yield* new EventLogUnavailable({ cause: new Error("the database has lost a tenant") })
  }
})
