import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import type { SqlError, Statement } from "effect/sql"
import { AppendClient } from "../database/AppendClient.ts"
import { KeyClient } from "../database/KeyClient.ts"
import { Migrations } from "../database/Migrations.ts"
import { giveUpConnections } from "../database/pooledClient.ts"
import { Position } from "../values/Position.ts"
import type { Slice } from "../values/Slice.ts"
import { askIncarnation, currentText, findToldParts, isSame, type Part, textOf } from "./incarnation.ts"
import type { Lineage } from "./Lineage.ts"
import { logHistory, lostEvents } from "./metrics.ts"
import type { SlicePosition } from "./RecordedEvent.ts"
import { allSlices } from "./sliceOf.ts"
import { beginHistory, type NewestHistory, readContinuation, readLineage, readNewest } from "./statements/historyStatements.ts"

/** Where a reader goes on, in the newest history. */
export interface ContinuedPlace {
  /**
   * The newest history. Positions that are read in the same transaction belong to it, or to a later
   * one.
   */
  readonly lineage: Lineage
  /**
   * The position of each slice that the reader goes on after: the one given, or less where the log
   * went back.
   */
  readonly place: ReadonlyArray<Position>
  /**
   * The slices whose place was cut down, with the position up to which the log still has what the
   * reader was told. What the reader was told after it is gone, and other events may stand there.
   * Users of these events may have no event at all any more, so only telling every user of the
   * slice reaches all.
   */
  readonly wentBack: ReadonlyArray<SlicePosition>
}

/** See {@link LogHistories}. */
export type NewHistoryListener = (history: KnownHistory, wentBack: ReadonlyArray<SlicePosition>) => void

/** What a process knows of the history that it appends to. */
export interface KnownHistory {
  readonly lineage: Lineage
  /** SQL text that says which incarnation of which server runs: a constant of the process. */
  readonly current: Statement.Fragment
  /** What `current` says in this history. */
  readonly incarnation: string
}

/**
 * The histories of the log. A history is a stretch of the log in which nothing that was committed
 * is lost, so a position means one event for ever. A failover to an asynchronous standby, an older
 * backup or a copy of the database ends it: positions of lost events are used again for others. A
 * restart of PostgreSQL ends it too, since nobody can tell that nothing was lost; then nothing
 * changes for readers.
 *
 * What holds for readers: every position of history `n + 1` after its `heads` was appended after
 * its row was committed, by whatever process. So a place that was read in history `n`, cut down to
 * these heads, is a place in history `n + 1`: what follows it is told again, and nothing is
 * skipped.
 *
 * A reader keeps to three rules. It decodes (lineage, place) from its cursor and calls
 * {@link continueAt} first. It reads positions and events after that in the *same transaction*,
 * which is one connection and so one server; read committed is enough. It puts the lineage that it
 * was given into the next cursor, never one that was read after the positions. A lineage that is
 * older than the positions costs a repeat; one that is newer would skip events.
 */
export class LogHistories extends Context.Service<LogHistories, {
  /**
   * The lineage of the newest history; `noHistory` before the first append. For a cursor that
   * begins. In the caller's transaction.
   */
  readonly newest: Effect.Effect<Lineage, SqlError.SqlError>
  /**
   * Finds where a reader goes on that has been told everything up to a place, in one statement. In
   * the caller's transaction.
   *
   * The place is cut down to the heads at which the history began that followed the last one that
   * the cursor and the log have in common. If they have none in common (more than `lineageLength`
   * histories were lost), every slice begins at 0 again. Without a loss the place comes back as it
   * was given.
   *
   * After a failover and before the first append the log has no new history yet: the place comes
   * back as it was given, beyond the heads, and is cut down later.
   */
  readonly continueAt: (from: Lineage, place: ReadonlyArray<Position>) => Effect.Effect<ContinuedPlace, SqlError.SqlError>
  /**
   * What the process knows of the history it appends to; nothing before {@link keepUp} has
   * succeeded. Costs nothing.
   */
  readonly known: () => KnownHistory | undefined
  /**
   * Makes sure that the newest history is one of the server that runs. If it is not, begins one
   * under the locks of all heads, and calls the listeners.
   *
   * An append calls it if it knows of no history, or if the server is not the one of the history,
   * and stores nothing before.
   */
  readonly keepUp: Effect.Effect<KnownHistory, SqlError.SqlError>
  /**
   * Notes that an event was committed at a position, so that the process can tell that the log went
   * back. Costs nothing.
   */
  readonly noteCommitted: (slice: Slice, position: Position) => void
  /**
   * Has `listener` called, at once and before the next append, whenever the process comes to know
   * of a history after its first: whatever the process remembers of the database may not be true
   * any more. It is told the slices of which the log has lost events that the process saw
   * committed. It must not throw.
   */
  readonly onNewHistory: (listener: NewHistoryListener) => void
}>()("playtally/event-log/LogHistories") {
  static readonly layer = Layer.effect(
    LogHistories,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      const writer = yield* AppendClient
      const committed = allSlices.map(() => 0)
      const listeners = new Set<NewHistoryListener>()
      let known: KnownHistory | undefined
      let toldLossIn = -1
      /** What the database tells of itself; asked once. */
      let told: ReadonlyArray<Part> | undefined

      const turn = Semaphore.makeUnsafe(1)

      /** Goes on with a history from now on; says so if it is not the one that the process knew. */
      const adopt = Effect.fnUntraced(function*({ heads, incarnation, lastRecordedAt, lineage }: NewestHistory) {
        const before = known
        const adopted = { lineage, current: currentText(writer, incarnation), incarnation: textOf(incarnation) }
        known = adopted
        if (before?.lineage.tags[0] === lineage.tags[0]) return adopted
        // In one go with the line above: an append that goes by the new history finds nothing
        // remembered of the old one.
        const wentBack = before === undefined ? [] : forget(heads)
        if (before !== undefined) { for (const listener of listeners) listener(adopted, wentBack) }
        yield* Metric.update(logHistory, lineage.history)
        if (before !== undefined) yield* tellChange(lineage, wentBack, lastRecordedAt)
        return adopted
      })

      /** The history of the server that runs, if it has been begun. */
      const find = Effect.gen(function*() {
        told ??= yield* findToldParts(writer)
        const incarnation = yield* askIncarnation(writer, told)
        const newest = yield* readNewest(writer)
        const isBegun = newest !== undefined && isSame(newest.incarnation, incarnation)
        return { incarnation, found: isBegun ? yield* adopt({ ...newest, incarnation }) : undefined }
      })

      const keepUp = Effect.gen(function*() {
        const { found, incarnation } = yield* find
        return found ?? (yield* adopt(yield* beginHistory(writer, incarnation)))
      }).pipe(turn.withPermit, Effect.withSpan("LogHistories.keepUp"))

      /**
       * Forgets the events that this process saw committed and the log has lost: how many there
       * were of which slices, and where these end.
       */
      const forget = (heads: ReadonlyArray<Position>): ReadonlyArray<LostEvents> =>
        allSlices.flatMap((slice) => {
          const position = heads[slice] ?? Position(0)
          const told = committed[slice] ?? 0
          committed[slice] = Math.min(told, position)
          return told > position ? [{ slice, position, lost: told - position }] : []
        })

      /** Says what has become of the events that this process saw committed. */
      const tellChange = Effect.fnUntraced(function*({ history }: Lineage, wentBack: ReadonlyArray<LostEvents>, lastRecordedAt: number) {
        if (wentBack.length === 0) {
          return yield* Effect.logWarning(
            "PostgreSQL was restarted or replaced: the log begins another history. It has every event that this process stored"
          ).pipe(Effect.annotateLogs({ history }))
        }
        toldLossIn = history
        const lost = wentBack.reduce((sum, slice) => sum + slice.lost, 0)
        yield* Metric.update(lostEvents, lost)
        yield* Effect.logFatal(
          "The log went back: PostgreSQL has lost events that were acknowledged. The sender must send everything again that it sent since, and erasures since are undone"
        ).pipe(
          Effect.annotateLogs({
            since: new Date(Math.max(0, lastRecordedAt - commitOrderMargin)).toISOString(),
            history,
            lost_events: lost,
            last_event_kept: new Date(lastRecordedAt).toISOString(),
            slices_end_at: placesText(wentBack)
          })
        )
      })

      const continueAt = Effect.fn("LogHistories.continueAt")(function*(from: Lineage, place: ReadonlyArray<Position>) {
        const { common, heads, lineage } = yield* readContinuation(sql, from)
        // Nothing has followed what they have in common, so nothing else stands at these positions.
        if (common !== undefined && heads === undefined) return { lineage, place, wentBack: [] }
        const kept = heads ?? allSlices.map(() => Position(0))
        const wentBack = allSlices.flatMap((slice) => {
          const upTo = kept[slice] ?? Position(0)
          return (place[slice] ?? 0) > upTo ? [{ slice, position: upTo }] : []
        })
        if (wentBack.length > 0 && toldLossIn < lineage.history) {
          toldLossIn = lineage.history
          yield* Effect.logFatal("The log went back: a reader of changes was told of events that PostgreSQL has lost").pipe(
            Effect.annotateLogs({ history: lineage.history, slices_end_at: placesText(wentBack) })
          )
        }
        return { lineage, place: place.map((position, slice) => Position(Math.min(position, kept[slice] ?? 0))), wentBack }
      })

      // A server that cannot be asked now is asked by the first append.
      yield* Effect.ignore(turn.withPermit(find))

      return LogHistories.of({
        newest: readLineage(sql),
        continueAt,
        known: () => known,
        keepUp,
        noteCommitted: (slice, position) => {
          if (position > (committed[slice] ?? 0)) committed[slice] = position
        },
        onNewHistory: (listener) => {
          listeners.add(listener)
        }
      })
    })
  )

  /**
   * Asks every second, as long as the service runs, whether PostgreSQL is another one, so that a
   * failover is noticed and told although nobody sends. All connections are given up then: those to
   * a server that was demoted can still be read from, and it is behind.
   */
  static readonly layerWatching = Layer.effectDiscard(
    Effect.gen(function*() {
      const { keepUp, onNewHistory } = yield* LogHistories
      const clients = [yield* PgClient.PgClient, yield* AppendClient, yield* KeyClient]
      onNewHistory(() => {
        for (const client of clients) giveUpConnections(client)
      })
      yield* Effect.forkScoped(Effect.repeat(Effect.ignore(keepUp), Schedule.spaced(watchEvery)))
    })
  )
}

/** A slice that went back to a position, and how many events that is. */
interface LostEvents extends SlicePosition {
  readonly lost: number
}

/**
 * How often a service without appends asks whether the server is another one: half a millisecond of
 * PostgreSQL's time each.
 */
const watchEvery = "1 second"

/** "3/17 4/9", of the first slices. */
const placesText = (places: ReadonlyArray<SlicePosition>): string =>
  places.slice(0, 16).map(({ position, slice }) => `${slice}/${position}`).join(" ") +
  (places.length > 16 ? ` and ${places.length - 16} more` : "")

/**
 * Milliseconds. An event may be recorded before another one and be committed after it, as long
 * after as a statement may take: what is lost may have been recorded so much before the last event
 * that is kept.
 */
const commitOrderMargin = 60_000
