import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SqlError } from "effect/sql"
import { EventLog } from "../event-log/EventLog.ts"
import type { SlicePosition } from "../event-log/RecordedEvent.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import type { Slice } from "../values/Slice.ts"
import { Partitions } from "./Partitions.ts"
import type { Spread } from "./PartitionSet.ts"
import { inLog, inPartition, PartitionUnavailable } from "./PartitionUnavailable.ts"

/** The number of lanes of one partition, as every log has it. */
const laneCount = 2

/** Makes a {@link PartitionUnavailable} the `SqlError` that a lost connection is. */
const asSqlError = <A, E, R>(effect: Effect.Effect<A, E | PartitionUnavailable, R>) =>
  Effect.mapError(effect, (error) =>
    error instanceof PartitionUnavailable
      ? new SqlError.SqlError({ reason: new SqlError.ConnectionError({ cause: error, operation: "partition" }) })
      : error as Exclude<E, PartitionUnavailable>)

/**
 * `EventLog` over the partitions.
 *
 * Reads are of one moment for each partition. They are in no transaction of the caller.
 */
export const spreadEventLog = (partitions: Spread<EventLog>): EventLog["Service"] => {
  const ofSlice = ({ slice }: { readonly slice: Slice }) => slice
  /** The events of some slices, which each partition reads in their order. */
  const bySlice = <P extends SlicePosition, A, E>(
    places: ReadonlyArray<P>,
    read: (log: EventLog["Service"], own: ReadonlyArray<P>) => Effect.Effect<ReadonlyArray<A>, E>
  ) => {
    const [first] = places
    return first === undefined ? Effect.succeed([]) : asSqlError(
      !partitions.isSpread
        ? partitions.at(first.slice, (services) => read(Context.get(services, EventLog), places))
        : Effect.map(
          partitions.everywhere((services, entry) => {
            const own = places.filter(({ slice }) => entry.first <= slice && slice <= entry.last)
            return own.length === 0 ? Effect.succeed([]) : read(Context.get(services, EventLog), own)
          }),
          (parts) => parts.flat()
        )
    )
  }
  return EventLog.of({
    laneCount,
    append: (events) => partitions.forItems(events, ofSlice, (services, own) => Context.get(services, EventLog).append(own)).pipe(inLog),
    compare: (known) =>
      partitions.forItems(known, ({ event }) => event.slice, (services, own) => Context.get(services, EventLog).compare(own)).pipe(inLog),
    count: (after, limit) => bySlice(after, (log, own) => log.count(own, limit)),
    look: (after, bound) => bySlice(after, (log, own) => log.look(own, bound)),
    lookAtParts: (parts, types, bytes) => bySlice(parts, (log, own) => log.lookAtParts(own, types, bytes)),
    lookAtUsers: (part, after, bound) =>
      asSqlError(
        partitions.at(
          sliceOf(part.tenantId, after.userId),
          (services) => Context.get(services, EventLog).lookAtUsers(part, after, bound)
        )
      ),
    lookAtUser: (part, bound) =>
      asSqlError(
        partitions.at(part.slice, (services) => Context.get(services, EventLog).lookAtUser(part, bound))
      ),
    fetch: (withheld, bytes) => bySlice(withheld, (log, own) => log.fetch(own, bytes)),
    read: (after, bound) => bySlice(after, (log, own) => log.read(own, bound)),
    readUserPage: (request) =>
      partitions.at(sliceOf(request.tenantId, request.userId), (services) => Context.get(services, EventLog).readUserPage(request)).pipe(
        inPartition("EventLog.readUserPage")
      ),
    readUser: (request) =>
      partitions.at(sliceOf(request.tenantId, request.userId), (services) => Context.get(services, EventLog).readUser(request)).pipe(
        inPartition("EventLog.readUser")
      )
  })
}

/** {@link spreadEventLog} of the service. */
export const spreadLog = Layer.effect(EventLog, Effect.map(Partitions, (partitions) => spreadEventLog(partitions)))
