import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SqlError } from "effect/sql"
import { EventLog } from "../event-log/EventLog.ts"
import type { ReadBound, RecordedEvent, SlicePosition, UnreadableEvent, WithheldEvent } from "../event-log/RecordedEvent.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import type { UserPlace, UsersPart } from "../event-log/statements/readUsers.ts"
import { compareUtf8 } from "../values/compareUtf8.ts"
import type { Slice } from "../values/Slice.ts"
import type { UserId } from "../values/UserId.ts"
import { hasSlice, partitionOf } from "./PartitionMap.ts"
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
  /** The first of some in their order, all in one partition. */
  const firstRun = <A>(all: readonly [A, ...ReadonlyArray<A>], sliceOf: (one: A) => Slice): ReadonlyArray<A> => {
    const place = partitionOf(partitions.map(), sliceOf(all[0]))
    const other = all.findIndex((one) => !hasSlice(place, sliceOf(one)))
    return other < 0 ? all : all.slice(0, other)
  }
  /** Users who follow each other in the order and are in one partition are looked at together. */
  const lookAtUsers = Effect.fnUntraced(function*(part: UsersPart, after: UserPlace, bound: ReadBound) {
    const sliceOfUser = (userId: UserId) => sliceOf(part.tenantId, userId)
    let left = part.userIds.filter((userId) => compareUtf8(userId, after.userId) >= 0).toSorted(compareUtf8)
    while (Arr.isReadonlyArrayNonEmpty(left)) {
      const userIds = firstRun(left, sliceOfUser)
      const found = yield* partitions.at(
        sliceOfUser(left[0]),
        (services) => Context.get(services, EventLog).lookAtUsers({ ...part, userIds }, after, bound)
      )
      if (found.length > 0) return found
      left = left.slice(userIds.length)
    }
    return []
  })
  /** From one partition after the other, as long as there is room for the next event. */
  const fetch = Effect.fnUntraced(function*(withheld: ReadonlyArray<WithheldEvent>, bytes: number) {
    const found: Array<RecordedEvent | UnreadableEvent> = []
    let [left, room] = [withheld, bytes]
    while (Arr.isReadonlyArrayNonEmpty(left) && (found.length === 0 || left[0].withheld <= room)) {
      const own = firstRun(left, ofSlice)
      const space = room
      const part = yield* partitions.at(left[0].slice, (services) => Context.get(services, EventLog).fetch(own, space))
      found.push(...part)
      if (part.length < own.length) break
      room -= own.reduce((sum, event) => sum + event.withheld, 0)
      left = left.slice(own.length)
    }
    return found
  })
  return EventLog.of({
    laneCount,
    append: (events) => partitions.forItems(events, ofSlice, (services, own) => Context.get(services, EventLog).append(own)).pipe(inLog),
    compare: (known) =>
      partitions.forItems(known, ({ event }) => event.slice, (services, own) => Context.get(services, EventLog).compare(own)).pipe(inLog),
    count: (after, limit) =>
      Effect.map(bySlice(after, (log, own) => log.count(own, limit)), (counts) => {
        const bySlices = new Map(counts.map((count) => [count.slice, count]))
        return after.flatMap(({ slice }) => bySlices.get(slice) ?? [])
      }),
    look: (after, bound) => bySlice(after, (log, own) => log.look(own, bound)),
    lookAtParts: (parts, types, bytes) => bySlice(parts, (log, own) => log.lookAtParts(own, types, bytes)),
    lookAtUsers: (part, after, bound) => asSqlError(lookAtUsers(part, after, bound)),
    lookAtUser: (part, bound) =>
      asSqlError(
        partitions.at(part.slice, (services) => Context.get(services, EventLog).lookAtUser(part, bound))
      ),
    fetch: (withheld, bytes) => asSqlError(fetch(withheld, bytes)),
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
