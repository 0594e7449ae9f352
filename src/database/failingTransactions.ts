import type { PgClient } from "@effect/sql-pg"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { SqlError } from "effect/sql"

const isLost = (reason: Cause.Reason<unknown>): reason is Cause.Die & { readonly defect: SqlError.SqlError } =>
  Cause.isDieReason(reason) && SqlError.isSqlError(reason.defect)

/**
 * Makes a transaction whose connection is lost fail with its SqlError, or end interrupted if it was
 * interrupted.
 *
 * The client makes a defect of it, because the `ROLLBACK` fails then too. No caller would try again
 * or answer that the database is away.
 */
export const failingTransactions = (client: PgClient.PgClient): PgClient.PgClient => {
  const { withTransaction } = client
  return Object.assign(client, {
    withTransaction: <R, E, A>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError.SqlError, R> =>
      // The handler must also run in a fiber that was interrupted.
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
