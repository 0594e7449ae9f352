import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Schedule from "effect/Schedule"
import type { LogHistories } from "../../event-log/LogHistories.ts"
import { addGenerationAfterLoss } from "../../projections/feed/generations.ts"

/**
 * Adds a generation whenever the log went back, until the scope closes.
 *
 * So a reader of documents who follows no feed also sees that its numbers may be lost ones.
 */
export const tellLosses = Effect.fnUntraced(function*(sql: PgClient.PgClient, histories: LogHistories["Service"]) {
  const lost = Latch.makeUnsafe(false)
  histories.onNewHistory((_, wentBack) => {
    if (wentBack.length > 0) lost.openUnsafe()
  })
  const tell = Effect.gen(function*() {
    yield* lost.await
    lost.closeUnsafe()
    yield* Effect.retry(sql.withTransaction(addGenerationAfterLoss(sql)), Schedule.spaced("1 second"))
  })
  yield* Effect.forkScoped(Effect.forever(tell))
})
