import type { PgClient } from "@effect/sql-pg"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { SqlError } from "effect/sql"

/**
 * Lets a transaction whose connection is lost fail with the SqlError that it was. The client makes a defect of it, for the `ROLLBACK` fails then too, and
 * nobody would try again or answer that the database is away.
 */
export const failingTransactions = (client: PgClient.PgClient): PgClient.PgClient => {
  const { withTransaction } = client
  return Object.assign(client, {
    withTransaction: <R, E, A>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError.SqlError, R> =>
      Effect.catchCause(withTransaction(self), (cause) => {
        const error = cause.reasons.filter(Cause.isDieReason).map(({ defect }) => defect).find(SqlError.isSqlError)
        return error === undefined || Cause.hasInterrupts(cause) ? Effect.failCause(cause) : Effect.fail(error)
      })
  })
}
