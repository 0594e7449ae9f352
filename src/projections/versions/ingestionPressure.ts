import type { PgClient } from "@effect/sql-pg"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"

/** Appends that take longer than this, in milliseconds, are slowed down by somebody. */
const slow = 100
/** The most a rebuild holds back: this many times as long as it has worked. */
const most = 4

/** Holds a rebuild back while ingestion suffers. */
export interface IngestionPressure {
  /** Waits as long as ingestion asks for, after `worked` milliseconds of work. */
  readonly yieldAfter: (worked: number) => Effect.Effect<void, SqlError.SqlError>
  /** The part of the time spent waiting. */
  readonly heldBack: () => number
}

/**
 * Watches how long the appends of all processes have been running, as the server tells.
 *
 * After each piece of work a rebuild waits in proportion to that work. The proportion doubles each
 * time appends are slow, and halves each time they are not. While nobody appends, it goes down to
 * nothing by steps of a quarter.
 */
export const ingestionPressure = (sql: PgClient.PgClient): Effect.Effect<IngestionPressure> =>
  Effect.sync(() => {
    let factor = 0
    let [worked, waited] = [0, 0]
    return {
      heldBack: () => worked + waited === 0 ? 0 : waited / (worked + waited),
      yieldAfter: Effect.fnUntraced(function*(milliseconds) {
        worked += milliseconds
        const [oldest] = yield* sql<{ age: number | null }>`
          select max(extract(epoch from clock_timestamp() - query_start) * 1000)::float8 as age
          from pg_stat_activity
          where application_name = current_setting('application_name') || ' append' and state = 'active' and datname = current_database()`
        if (oldest?.age === null || oldest?.age === undefined) factor = Math.max(0, factor - 0.25)
        else if (oldest.age > slow) factor = Math.min(most, Math.max(0.5, factor * 2))
        else factor = Math.max(0.25, factor / 2)
        if (factor === 0) return
        const started = yield* Clock.currentTimeMillis
        yield* Effect.sleep(Math.min(2000, milliseconds * factor))
        waited += (yield* Clock.currentTimeMillis) - started
      })
    }
  })
