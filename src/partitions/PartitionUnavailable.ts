import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import { EventLogUnavailable } from "../event-log/EventLogError.ts"

/**
 * A partition does not answer, or it is just moving to another server.
 *
 * The other partitions go on. It is the cause of a `DatabaseUnavailable` or an
 * `EventLogUnavailable`, so a caller does with it what it does with those: it asks again later.
 */
export class PartitionUnavailable
  extends Schema.TaggedError<PartitionUnavailable>("playtally/partitions/PartitionUnavailable")("PartitionUnavailable", {
    partition: Schema.Int,
    server: Schema.String,
    cause: Schema.Defect()
  })
{
  override get message(): string {
    return `Partition ${this.partition} (server ${this.server}) is not served now.`
  }
}

/** The partition that an error of the database or of the log is about, if it names one. */
export const unavailablePartition = (error: { readonly cause?: unknown }): number | undefined =>
  error.cause instanceof PartitionUnavailable ? error.cause.partition : undefined

/** Makes a {@link PartitionUnavailable} the cause of a `DatabaseUnavailable`. */
export const inPartition = (operation: string) =>
<A, E, R>(
  effect: Effect.Effect<A, E | PartitionUnavailable, R>
): Effect.Effect<A, Exclude<E, PartitionUnavailable> | DatabaseUnavailable, R> =>
  Effect.mapError(
    effect,
    (error) =>
      error instanceof PartitionUnavailable
        ? new DatabaseUnavailable({ operation, cause: error })
        : error as Exclude<E, PartitionUnavailable>
  )

/** Makes a {@link PartitionUnavailable} the cause of an `EventLogUnavailable`. */
export const inLog = <A, E, R>(
  effect: Effect.Effect<A, E | PartitionUnavailable, R>
): Effect.Effect<A, Exclude<E, PartitionUnavailable> | EventLogUnavailable, R> =>
  Effect.mapError(
    effect,
    (error) => error instanceof PartitionUnavailable ? new EventLogUnavailable({ cause: error }) : error as Exclude<E, PartitionUnavailable>
  )
