import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"
import { LogTail } from "../event-log/LogTail.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import type { Spread } from "./PartitionSet.ts"
import { inPartition } from "./PartitionUnavailable.ts"

/**
 * `LogTail` over the partitions.
 *
 * The newest events are those of all partitions, by when they were recorded. Later ones are given
 * as they come: of one partition in its order, of several in none.
 */
export const spreadTail = (set: Spread<LogTail>): LogTail["Service"] =>
  LogTail.of({
    open: Effect.fn("LogTail.open")(
      function*(whose, limit) {
        const { tenantId, userId } = whose
        if (tenantId !== undefined && userId !== undefined) {
          return yield* set.at(sliceOf(tenantId, userId), (services) => Context.get(services, LogTail).open(whose, limit))
        }
        const tails = yield* set.everywhere((services) => Context.get(services, LogTail).open(whose, limit))
        return {
          newest: Stream.take(tails.map(({ newest }) => newest).reduce(merged), limit),
          later: Stream.mergeAll(tails.map(({ later }) => later), { concurrency: "unbounded" })
        }
      },
      inPartition("LogTail.open")
    )
  })

type Ordered = { readonly recordedAt: number }

/** Merges two streams of events that are newest first. Of each stream it holds one event. */
const merged = <A extends Ordered, E>(one: Stream.Stream<A, E>, other: Stream.Stream<A, E>): Stream.Stream<A, E> =>
  Stream.combine(
    ended(one),
    ended(other),
    (): { readonly left?: Option.Option<A>; readonly right?: Option.Option<A> } => ({}),
    (held, pullLeft, pullRight) =>
      Effect.gen(function*() {
        const left = held.left ?? (yield* pullLeft)
        const right = held.right ?? (yield* pullRight)
        const isLeft = Option.isSome(left) && (Option.isNone(right) || left.value.recordedAt >= right.value.recordedAt)
        return isLeft ? [left, { right }] as const : [right, { left }] as const
      }).pipe(Pull.catchDone(() => Effect.die(new Error("A stream of events was pulled beyond its end."))))
  ).pipe(Stream.takeWhile(Option.isSome), Stream.map(({ value }) => value))

/** The stream with a none at its end. */
const ended = <A, E>(stream: Stream.Stream<A, E>): Stream.Stream<Option.Option<A>, E> =>
  Stream.concat(Stream.map(stream, Option.some), Stream.succeed(Option.none<A>()))
