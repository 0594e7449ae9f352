import type { PgClient } from "@effect/sql-pg"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import { CurrentReadSlot } from "../counters/ReadShares.ts"
import { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import { EventLogUnavailable, isMoved } from "../event-log/EventLogError.ts"
import { known } from "../values/known.ts"
import type { Slice } from "../values/Slice.ts"
import type { TenantId } from "../values/TenantId.ts"
import type { OpenPartition } from "./OpenPartition.ts"
import { homeServer, type PartitionEntry, type PartitionMap } from "./PartitionMap.ts"
import { PartitionUnavailable } from "./PartitionUnavailable.ts"

/**
 * For how many milliseconds a reading of the directory holds.
 *
 * Who moves a partition says so in the directory first, and waits longer than this. So a process
 * that has read it since does not answer what a server said that serves no more.
 */
export const directoryHolds = 5000
/** How long a request waits for a partition that is just moving, in milliseconds. */
const patience = 2000
/** The pause before the next try meanwhile. */
const pause = "50 millis"

/** The partitions that a process uses, and how fresh its reading of the directory is. */
export interface Places<S> {
  readonly all: () => ReadonlyArray<OpenPartition<S>>
  /** When the directory was last read, by `now`. */
  readonly readAt: () => number
  /** Milliseconds that go on evenly, whatever the date is. */
  readonly now: () => number
  /** Reads the directory now. */
  readonly refresh: Effect.Effect<void>
  readonly home: PgClient.PgClient
}

/** A partition moved while it was used: the use is repeated where the partition is now. */
class Moved extends Schema.TaggedError<Moved>("playtally/partitions/Moved")("Moved", { by: Schema.instanceOf(PartitionUnavailable) }) {}

/**
 * The partitions of a log, with the same services for each.
 *
 * Every use goes by the directory, and is repeated for up to two seconds where a partition has
 * moved meanwhile. What a server says after it has stopped to serve a slice is not answered: it is
 * asked again where the slice is.
 *
 * Each method fails with the errors of the services. Where there are several partitions, the cause
 * of a `DatabaseUnavailable` and of an `EventLogUnavailable` is a {@link PartitionUnavailable},
 * which says which one it is. It fails with {@link PartitionUnavailable} itself where a partition
 * is not open, or goes on moving.
 */
export class PartitionSet<S> {
  private readonly places: Places<S>

  constructor(places: Places<S>) {
    this.places = places
  }

  /** The partitions as this process knows them. */
  map(): PartitionMap {
    return this.places.all().map(({ entry }) => entry)
  }

  /** Whether the whole log is in the home database. */
  get isAtHome(): boolean {
    const [first] = this.places.all()
    return !this.isSpread && first?.entry.server === homeServer
  }

  /** Whether there are several partitions. */
  get isSpread(): boolean {
    return this.places.all().length > 1
  }

  /** The services of each partition that is open; undefined for the others. */
  opened(): ReadonlyArray<{ readonly entry: PartitionEntry; readonly services: Context.Context<S> | undefined }> {
    return this.places.all()
  }

  /** Uses the services of the partition that has a slice. */
  readonly at = <A, E, R>(
    slice: Slice,
    run: (services: Context.Context<S>, entry: PartitionEntry) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | PartitionUnavailable, R> =>
    whileMoving(
      this.places,
      Effect.suspend(() => {
        const place = this.placeOf(slice)
        const { entry } = place
        return this.use(place, (services) => run(services, entry))
      })
    )

  /** Uses the services of every partition, side by side: results in the order of the slices. */
  readonly everywhere = <A, E, R>(
    run: (services: Context.Context<S>, entry: PartitionEntry) => Effect.Effect<A, E, R>
  ): Effect.Effect<ReadonlyArray<A>, E | PartitionUnavailable, R> =>
    whileMoving(
      this.places,
      // The entries are those of one reading of the directory.
      Effect.suspend(() =>
        sideBySide(
          this.places.all().map((place) => {
            const { entry } = place
            return this.use(place, (services) => run(services, entry))
          })
        )
      )
    )

  /**
   * Uses the services of each partition that has some of the items, side by side. `run` gives one
   * result for each of its items, and the results come in the order of the items.
   *
   * If a partition fails, the others are awaited first: nothing goes on after the answer.
   */
  readonly forItems = <I, A, E, R>(
    items: ReadonlyArray<I>,
    sliceOf: (item: I) => Slice,
    run: (services: Context.Context<S>, items: ReadonlyArray<I>) => Effect.Effect<ReadonlyArray<A>, E, R>
  ): Effect.Effect<ReadonlyArray<A>, E | PartitionUnavailable, R> =>
    whileMoving(
      this.places,
      Effect.suspend(() => {
        const [only, ...others] = this.places.all()
        if (only !== undefined && others.length === 0) return this.use(only, (services) => run(services, items))
        return this.forGroups(items, sliceOf, run)
      })
    )

  private readonly forGroups = <I, A, E, R>(
    items: ReadonlyArray<I>,
    sliceOf: (item: I) => Slice,
    run: (services: Context.Context<S>, items: ReadonlyArray<I>) => Effect.Effect<ReadonlyArray<A>, E, R>
  ): Effect.Effect<ReadonlyArray<A>, E | PartitionUnavailable, R> => {
    const groups = Map.groupBy(items.map((item, index) => ({ item, index })), ({ item }) => this.placeOf(sliceOf(item)))
    const parts = sideBySide([...groups].map(([place, group]) => {
      const own = group.map(({ item }) => item)
      // A partition that has moved may have been split: its items are shared out again.
      const first = this.use(place, (services) => run(services, own))
      const part = Effect.catchIf(first, (error) => error instanceof Moved, () => this.forItems(own, sliceOf, run))
      return Effect.map(Effect.exit(part), (exit) => ({ exit, group }))
    }))
    return Effect.flatMap(parts, (parts) => {
      const results: Array<A> = []
      for (const { exit, group } of parts) {
        if (Exit.isFailure(exit)) return exit as Exit.Exit<never, E | PartitionUnavailable>
        group.forEach(({ index }, at) => {
          results[index] = known(exit.value[at], "result of an item")
        })
      }
      return Effect.succeed(results)
    })
  }

  /**
   * Makes sure that the databases of some slices know a tenant; without slices, every database.
   *
   * It costs nothing once all of them do.
   */
  readonly knowTenant = (tenantId: TenantId, slices?: Iterable<Slice>): Effect.Effect<void, SqlError.SqlError | PartitionUnavailable> =>
    Effect.suspend(() => {
      const unsure = new Set(this.places.all().filter((place) => !place.knows(tenantId)))
      if (unsure.size === 0) return Effect.void
      const meant = slices === undefined ? unsure : new Set(Array.from(slices, (slice) => this.placeOf(slice))).intersection(unsure)
      return Effect.forEach(meant, (place) => place.knowTenant(this.places.home, tenantId), { concurrency: "unbounded", discard: true })
    })

  private placeOf(slice: Slice): OpenPartition<S> {
    return known(this.places.all().find(({ entry: { first, last } }) => first <= slice && slice <= last), `partition of slice ${slice}`)
  }

  /**
   * Uses a partition once. It fails with {@link Moved} unless it has served its slices to the end.
   */
  private use<A, E, R>(place: OpenPartition<S>, run: (services: Context.Context<S>) => Effect.Effect<A, E, R>) {
    return place.use(run).pipe(
      Effect.mapError((error) => this.named(place, error)),
      Effect.tap(() => this.isCertain(place) ? Effect.void : stillServed(place))
    )
  }

  private isCertain({ entry, isLeft }: OpenPartition<S>): boolean {
    return entry.state !== "moving" && !isLeft && this.places.now() - this.places.readAt() < directoryHolds
  }

  /** An error of a partition's services that says which partition it is. */
  private named<E>(place: OpenPartition<S>, error: E): E | Moved {
    const cause = place.unavailable(error)
    if (isMoved(error)) return new Moved({ by: cause })
    if (!this.isSpread) return error
    if (error instanceof DatabaseUnavailable) {
      return new DatabaseUnavailable({ operation: error.operation, cause }) as E & DatabaseUnavailable
    }
    if (error instanceof EventLogUnavailable) return new EventLogUnavailable({ cause }) as E & EventLogUnavailable
    return error
  }
}

/** What is used side by side for a read has one slot. */
const sideBySide = <A, E, R>(uses: ReadonlyArray<Effect.Effect<A, E, R>>): Effect.Effect<ReadonlyArray<A>, E, R> =>
  Effect.flatMap(CurrentReadSlot, (slot) => slot.sideBySide(uses))

/** What there is to do with the services of partitions, for what makes a service over them. */
export type Spread<S> = Pick<PartitionSet<S>, "at" | "everywhere" | "forItems" | "knowTenant" | "isAtHome" | "isSpread" | "map" | "opened">

/** Fails with {@link Moved} if the database does not serve the partition any more. */
const stillServed = <S>(place: OpenPartition<S>) =>
  place.servedUntilNow.pipe(
    Effect.mapError((error) => error._tag === "PartitionUnavailable" ? error : place.unavailable(error)),
    Effect.flatMap((isServed) =>
      isServed ? Effect.void : Effect.fail(new Moved({ by: place.unavailable(new Error("It has moved to another server.")) }))
    )
  )

/** Repeats what met a partition that has moved, with the directory read again. */
const whileMoving = <S, A, E, R>(
  places: Places<S>,
  attempt: Effect.Effect<A, E | Moved, R>
): Effect.Effect<A, Exclude<E, Moved> | PartitionUnavailable, R> => {
  const from = (began: number): Effect.Effect<A, Exclude<E, Moved> | PartitionUnavailable, R> =>
    Effect.matchEffect(attempt, {
      onSuccess: Effect.succeed,
      onFailure: (error) => {
        if (!(error instanceof Moved)) return Effect.fail(error as Exclude<E, Moved>)
        if (places.now() - began > patience) return Effect.fail(error.by)
        return places.refresh.pipe(Effect.andThen(Effect.sleep(pause)), Effect.andThen(from(began)))
      }
    })
  return Effect.suspend(() => from(places.now()))
}
