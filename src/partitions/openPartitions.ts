import { PgClient } from "@effect/sql-pg"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { SqlError } from "effect/sql"
import type { AppendClient } from "../database/AppendClient.ts"
import { SessionUnfit } from "../database/checkSession.ts"
import { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import type { DatabaseUrl } from "../database/DatabaseUrl.ts"
import { HomeClient } from "../database/HomeClient.ts"
import type { KeyClient } from "../database/KeyClient.ts"
import { OwnPartition } from "../database/OwnPartition.ts"
import { PoolShare } from "../database/PoolShare.ts"
import { ServerClients } from "../database/ServerClients.ts"
import { inSteadyTime } from "../platform/monotonicClock.ts"
import { OpenPartition } from "./OpenPartition.ts"
import { PartitionDirectory, PartitionsUnusable, readIdentity } from "./PartitionDirectory.ts"
import { homeServer, isSamePlace, type PartitionEntry } from "./PartitionMap.ts"
import { PartitionServers } from "./PartitionServers.ts"
import { PartitionSet } from "./PartitionSet.ts"
import type { PartitionUnavailable } from "./PartitionUnavailable.ts"

/** The clients of one database. */
export type DatabaseClients = PgClient.PgClient | AppendClient | KeyClient | DatabaseUrl

/** How often a process reads the directory. */
const readEvery = "1 second"
/** How long a start waits for a partition that is not at home. The process goes on without it. */
const startPatience = "10 seconds"

/** What a process does about a partition that cannot be opened. */
export interface OpenOptions {
  /**
   * "GoOn", the default, is for services: they serve the others, and try again. "Fail" is for
   * commands: they fail with the error, or with {@link PartitionUnavailable} if the partition is
   * not at home and does not answer.
   */
  readonly unopened?: "GoOn" | "Fail"
}

/**
 * Opens the partitions, as long as the scope is open: `layer` is built once for each, on the
 * clients of its database.
 *
 * The process reads the directory every second, opens what has come to another place, and closes
 * what has gone when its last use has ended. It fails if the partition at home cannot be opened.
 * Another one is unavailable until it can be opened, and is tried again: see {@link OpenOptions}.
 */
export const openPartitions = Effect.fnUntraced(function*<S, E, R>(
  layer: Layer.Layer<S, E, DatabaseClients | R>,
  { unopened = "GoOn" }: OpenOptions = {}
) {
  const directory = yield* PartitionDirectory
  const servers = yield* PartitionServers
  const home = yield* PgClient.PgClient
  const clientsOf = yield* ServerClients
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
  const ambient = yield* Effect.context<DatabaseClients | R>()
  const scope = yield* Effect.scope

  const build = Effect.fnUntraced(function*(place: OpenPartition<S>, databases: number) {
    const { entry } = place
    const isHome = entry.server === homeServer
    const clients: Layer.Layer<DatabaseClients, SessionUnfit | SqlError.SqlError> = isHome
      ? Layer.succeedContext(ambient)
      : clientsOf(yield* servers.find(entry.server))
    // First that the database is the right one.
    const whole = layer.pipe(
      Layer.provideMerge(identified(entry, home)),
      Layer.provideMerge(clients),
      Layer.provide([
        Layer.succeed(PoolShare, databases),
        Layer.succeed(OwnPartition, entry.partition),
        Layer.succeed(HomeClient, isHome ? undefined : home),
        Layer.succeedContext(ambient)
      ])
    )
    const own = yield* Scope.fork(place.scope)
    // A memo map of its own: the layers of two partitions are the same values.
    const services = yield* Layer.buildWithMemoMap(whole, Layer.makeMemoMapUnsafe(), own).pipe(
      Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
    )
    place.openWith(services)
  })

  const placeOf = (entry: PartitionEntry) => Effect.map(Scope.fork(scope), (own) => new OpenPartition<S>(entry, own))

  const openInBackground = (place: OpenPartition<S>, databases: number) =>
    build(place, databases).pipe(
      Effect.tapCause((cause) => {
        place.failure = Cause.squash(cause)
        const { partition, server } = place.entry
        return Effect.logError("A partition cannot be opened; trying again").pipe(
          Effect.annotateLogs({ partition, server, cause: Cause.pretty(cause).split("\n")[0] })
        )
      }),
      Effect.retry(Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("5 seconds")])),
      Effect.forkIn(place.scope)
    )

  const first = yield* directory.read
  let places = yield* Effect.forEach(first, placeOf)
  let readAt = now()
  for (const place of places) {
    const opening = build(place, first.length)
    if (place.entry.server === homeServer) yield* opening
    else yield* unopened === "Fail" ? Effect.mapError(opening, namedBy(place)) : openInBackground(place, first.length)
  }
  yield* Effect.forEach(places, ({ isReady }) => Effect.timeoutOption(isReady, startPatience), { concurrency: "unbounded", discard: true })

  const turn = Semaphore.makeUnsafe(1)
  const readAgain = turn.withPermit(Effect.gen(function*() {
    const began = now()
    const map = yield* directory.read
    const before = places
    const opened: Array<OpenPartition<S>> = []
    const after = yield* Effect.forEach(map, (entry) => {
      const same = before.find((place) => isSamePlace(place.entry, entry))
      if (same !== undefined) return Effect.succeed({ place: same, entry })
      return Effect.map(placeOf(entry), (place) => {
        opened.push(place)
        return { place, entry }
      })
    })
    // All at once: readers go by the states of several partitions.
    for (const { entry, place } of after) place.entry = entry
    places = after.map(({ place }) => place)
    readAt = began
    for (const place of opened) yield* openInBackground(place, map.length)
    for (const place of before) {
      if (places.includes(place)) continue
      place.isLeft = true
      yield* Effect.logInfo("A partition has moved").pipe(
        Effect.annotateLogs({ partition: place.entry.partition, from: place.entry.server })
      )
      yield* place.closeIfLeft
    }
  }))
  // The home database may be away: what the process knows of the directory is checked then.
  const refresh = Effect.ignore(readAgain)
  yield* Effect.forkScoped(inSteadyTime(Effect.repeat(refresh, Schedule.spaced(readEvery))))

  return new PartitionSet<S>({ all: () => places, readAt: () => readAt, now, refresh, home })
})

/** Says which partition it is that does not answer. */
const namedBy = <S>(place: OpenPartition<S>) => <E>(error: E): E | PartitionUnavailable =>
  SqlError.isSqlError(error) || error instanceof DatabaseUnavailable || error instanceof SessionUnfit ? place.unavailable(error) : error

/** Fails unless the database is the one that the directory means. */
const identified = (entry: PartitionEntry, home: PgClient.PgClient) =>
  Layer.effectDiscard(Effect.gen(function*() {
    if (entry.epoch === 0) return
    const identity = yield* readIdentity(yield* PgClient.PgClient)
    const own = yield* readIdentity(home)
    if (
      identity !== undefined && identity.log === own?.log && identity.partition === entry.partition && identity.epoch === entry.epoch
    ) return
    return yield* new PartitionsUnusable({
      message:
        `The database of server "${entry.server}" is not partition ${entry.partition} of this log as the directory has it (epoch ${entry.epoch}).`
    })
  }))
