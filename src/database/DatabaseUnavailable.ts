import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { SqlError } from "effect/sql"

/**
 * The database did not answer a statement, or a statement failed.
 *
 * It is safe to ask again later. `operation` names the method that asked.
 */
export class DatabaseUnavailable
  extends Schema.TaggedError<DatabaseUnavailable>("playtally/database/DatabaseUnavailable")("DatabaseUnavailable", {
    operation: Schema.String,
    cause: Schema.Defect()
  })
{}

/** Translates the SqlErrors of a service into {@link DatabaseUnavailable}, at its edge. */
export const unavailable =
  (operation: string) =>
  <A, E, R>(effect: Effect.Effect<A, E | SqlError.SqlError, R>): Effect.Effect<A, Exclude<E, SqlError.SqlError> | DatabaseUnavailable, R> =>
    Effect.catchIf(
      effect,
      (error): error is SqlError.SqlError & E => SqlError.isSqlError(error),
      (cause) => Effect.fail(new DatabaseUnavailable({ operation, cause }))
    ) as Effect.Effect<A, Exclude<E, SqlError.SqlError> | DatabaseUnavailable, R>
