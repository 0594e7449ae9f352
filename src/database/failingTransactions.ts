import type { PgClient } from "@effect/sql-pg"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { SqlError } from "effect/sql"

const isLost = (reason: Cause.Reason<unknown>): reason is Cause.Die & { readonly defect: SqlError.SqlError } =>
  Cause.isDieReason(reason) && SqlError.isSqlError(reason.defect)

/**
 * Lets a transaction whose connection is lost fail with the SqlError that it was, or end
 * interrupted if it was interrupted. The client makes a defect of it, for the `ROLLBACK` fails then
 * too, and nobody would try again or answer that the database is away.
 */
export const failingTransactions = (client: PgClient.PgClient): PgClient.PgClient => {
  const { withTransaction } = client
  return Object.assign(client, {
    withTransaction: <R, E, A>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError.SqlError, R> =>
      // The handler is to run in a fiber that has been interrupted, too.
      Effect.uninterruptibleMask((restore) =>
        Effect.catchCause(restore(withTransaction(self)), (cause) => {
          const lost = cause.reasons.find(isLost)
          if (lost === undefined) return Effect.failCause(cause)
          return Cause.hasInterrupts(cause)
            ? Effect.failCause(Cause.fromReasons(cause.reasons.filter((reason) => !isLost(reason))))
            : Effect.fail(lost.defect)
        })
      )
  })
}
