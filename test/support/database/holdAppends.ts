import { PgClient } from "@effect/sql-pg"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { untilEffect } from "../time/until.ts"

/**
 * Keeps every append of the service waiting inside the database until it is let go: `reached` waits
 * for one to be there. The service gives a lock two seconds before it asks again.
 */
export const holdAppends = Effect.gen(function*() {
  const sql = yield* PgClient.PgClient
  const held = yield* Deferred.make<void>()
  const end = yield* Deferred.make<void>()
  const holding = yield* Effect.forkChild(sql.withTransaction(
    Effect.andThen(sql`select from slice_heads for update`, Effect.andThen(Deferred.succeed(held, undefined), Deferred.await(end)))
  ))
  yield* Effect.raceFirst(Deferred.await(held), Fiber.join(holding))
  return {
    reached: untilEffect(Effect.map(
      sql<{ waits: boolean }>`
        select exists (
          select from pg_stat_activity
          where datname = current_database() and application_name like 'playtally%' and wait_event_type = 'Lock'
        ) as waits`,
      ([row]) => row?.waits === true
    )),
    release: Effect.andThen(Deferred.succeed(end, undefined), Fiber.join(holding))
  }
})
