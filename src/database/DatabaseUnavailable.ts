import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { SqlError } from "effect/sql"

/**
 * A question the database did not answer. Asking again later is safe. `operation` names who asked.
 */
export class DatabaseUnavailable
  extends Schema.TaggedError<DatabaseUnavailable>("playtally/database/DatabaseUnavailable")("DatabaseUnavailable", {
    operation: Schema.String,
    cause: Schema.Defect()
  })
{}

/** Turns a service's SqlErrors into {@link DatabaseUnavailable}, at the service's edge. */
export const unavailable =
  (operation: string) =>
  <A, E, R>(effect: Effect.Effect<A, E | SqlError.SqlError, R>): Effect.Effect<A, Exclude<E, SqlError.SqlError> | DatabaseUnavailable, R> =>
    Effect.catchIf(
      effect,
      (error): error is SqlError.SqlError & E => SqlError.isSqlError(error),
      (cause) => Effect.fail(new DatabaseUnavailable({ operation, cause }))
    ) as Effect.Effect<A, Exclude<E, SqlError.SqlError> | DatabaseUnavailable, R>
