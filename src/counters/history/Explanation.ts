import { PgClient } from "@effect/sql-pg"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { type DatabaseUnavailable, unavailable } from "../../database/DatabaseUnavailable.ts"
import { sliceOf } from "../../event-log/sliceOf.ts"
import { UserHistory } from "../../event-log/UserHistory.ts"
import { failsOnSampleLog } from "../../projections/fold/fingerprint.ts"
import type { AnyProjection } from "../../projections/projection/Projection.ts"
import { activeVersions } from "../../projections/versions/versions.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import type { UserId } from "../../values/UserId.ts"
import { ProjectionFailing, ProjectionParked } from "../ConsistentReads.ts"
import { type CounterPath, formatCounterPath, parseCounterPath, type ValueKind, valueKind } from "./counterPath.ts"
import type { Folding, HistoryEvent } from "./Folding.ts"
import { Histories, type HistoryTooLarge, type HistoryUnfinished } from "./Histories.ts"
import { type ContributingEvent, PathHistory } from "./PathHistory.ts"

/** No counters document can have a single value at that path. `message` says why. */
export class NoSuchCounter extends Schema.TaggedError<NoSuchCounter>("playtally/counters/NoSuchCounter")("NoSuchCounter", {
  message: Schema.String
}) {}

/**
 * The user's document never had a value at that path, but a document can, for example for another
 * currency.
 */
export class CounterNotFound extends Schema.TaggedError<CounterNotFound>("playtally/counters/CounterNotFound")("CounterNotFound", {
  path: Schema.String
}) {}

/** How a value of a user's counters document came about. */
export interface Explained {
  /** The path as {@link formatCounterPath} writes it. */
  readonly path: string
  readonly kind: ValueKind
  /** The value as the document has it; null if it has none any more. */
  readonly value: unknown
  readonly slice: Slice
  /** The last position of the user's slice that was read. */
  readonly position: Position
  /** In order of position. */
  readonly contributions: ReadonlyArray<ContributingEvent>
  /** Whether more events follow. */
  readonly isMore: boolean
}

/** Explains why a number is what it is. */
export class Explanation extends Context.Service<Explanation, {
  /**
   * The value at a path of a user's document, and the events that changed it. Undefined for a user
   * without events.
   *
   * The path is as {@link parseCounterPath} reads it. With `documents` it may also lead to a value
   * of a document of its own, such as a number of one game. At most `limit` events come, from after
   * the position `after` on. Their differences add up to the value. An event that changed nothing
   * is left out, such as a bet that is not the greatest.
   *
   * Every value of every projection can be explained, because the projection's own fold runs again
   * over the user's events. It reads the log itself, so it never lags behind. The first page takes
   * time in proportion to the number of the user's events, in steps: see {@link Histories}. A
   * process keeps for a minute where a page ended (the newest, see `KeptFoldings`). From there it
   * reads for the next page only what that page shows, up to the position of the first page. For
   * any other page it reads everything again. A page ends early if its events have many bytes.
   *
   * - `NoSuchCounter`: no document can have the path.
   * - `CounterNotFound`: this user's document never had it.
   * - `ProjectionParked`: the fold fails on an event.
   * - `ProjectionFailing`: this process's code cannot run the projection.
   * - The errors of {@link Histories}.
   */
  readonly explain: (
    tenant: Tenant,
    userId: UserId,
    page: { readonly path: string; readonly after: number; readonly limit: number; readonly documents?: "All" }
  ) => Effect.Effect<
    Explained | undefined,
    NoSuchCounter | CounterNotFound | ProjectionParked | ProjectionFailing | HistoryUnfinished | HistoryTooLarge | DatabaseUnavailable
  >
}>()("playtally/counters/Explanation") {
  static readonly layer = (projections: ReadonlyArray<AnyProjection>) =>
    Layer.effect(
      Explanation,
      Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const history = yield* UserHistory
        const shown = projections.filter(({ separateDocument }) => separateDocument !== true)

        const histories = yield* Histories

        const explain: Explanation["Service"]["explain"] = Effect.fn("Explanation.explain")(function*(tenant, userId, page) {
          const { tenantId, timeZone, weekStart } = tenant
          const active = yield* activeVersions(sql).pipe(unavailable("Explanation.explain"))
          const { kind, path, projection } = yield* find(
            (page.documents === "All" ? projections : shown).filter(({ name, version }) => active.get(name) === version),
            page.path
          )
          if (failsOnSampleLog(projection)) return yield* new ProjectionFailing({ projections: [projection.name] })
          const slice = sliceOf(tenantId, userId)
          const [, ...names] = path
          const pageKey = (after: number) =>
            JSON.stringify(["explain", tenantId, timeZone, weekStart, userId, path, projection.version, after])
          const now = yield* Clock.currentTimeMillis

          const first = Effect.map(history.head(slice), (upTo) => ({
            folding: new PathFolding(new PathHistory(projection, { timeZone, weekStart, now }, { ...page, names, kind })),
            place: Position(0),
            upTo
          }))
          const turned = Effect.map(histories.take(tenant, userId, pageKey(page.after)), (kept) => {
            // Nothing else is kept under this key.
            const folding = kept?.folding as PathFolding | undefined
            if (kept === undefined || folding === undefined) return undefined
            const place = folding.values.reached
            folding.values.turn(page.limit)
            return { folding, place, upTo: kept.upTo }
          })
          const explained = yield* histories.fold<PathFolding, Omit<Explained, "path" | "kind" | "slice"> | "parked">({
            tenant,
            userId,
            types: projection.events,
            key: JSON.stringify([pageKey(page.after), page.limit]),
            begin: page.after === 0 ? first : Effect.flatMap(turned, (found) => found === undefined ? first : Effect.succeed(found)),
            goOn: (kept) => kept,
            finish: ({ folding, upTo }) => {
              if (folding.isParked) return { answer: "parked", keepAs: undefined }
              const { values } = folding
              const { contributions, isMore } = values
              const answer = { value: values.value(), position: upTo, contributions, isMore }
              const last = contributions.at(-1)
              values.letGo()
              return { answer, keepAs: isMore && last !== undefined ? pageKey(last.logged.position) : undefined }
            }
          })
          if (explained === undefined) return undefined
          if (explained === "parked") return yield* new ProjectionParked({ userId, projections: [projection.name] })
          if (explained.value === undefined && explained.contributions.length === 0 && page.after === 0) {
            return yield* new CounterNotFound({ path: formatCounterPath(path) })
          }
          return { path: formatCounterPath(path), kind, slice, ...explained, value: explained.value ?? null }
        })
        return Explanation.of({ explain })
      })
    )
}

/**
 * A value as it comes about.
 *
 * It stops at an event on which the fold fails, or that no reader takes.
 */
class PathFolding implements Folding {
  readonly values: PathHistory
  isParked = false

  constructor(values: PathHistory) {
    this.values = values
  }

  get isDone(): boolean {
    return this.isParked || this.values.isDone
  }

  get bytes(): number {
    return this.values.bytes
  }

  add(events: ReadonlyArray<HistoryEvent>): void {
    try {
      this.values.add(events.map(({ bytes, logged }) => {
        if (logged === undefined) throw new Error("an event is larger than a reader takes, or of an unknown version")
        return { logged, bytes }
      }))
    } catch {
      this.isParked = true
    }
  }
}

/** What a path leads to, as far as that is the same for every user. */
const find = (
  projections: ReadonlyArray<AnyProjection>,
  text: string
): Effect.Effect<{ readonly path: CounterPath; readonly projection: AnyProjection; readonly kind: ValueKind }, NoSuchCounter> => {
  const path = parseCounterPath(text)
  if (path === undefined) return Effect.fail(new NoSuchCounter({ message: "Within a name, ~ is written ~0 and . is written ~1." }))
  const [section, ...names] = path
  const projection = projections.find(({ name }) => name === section)
  if (projection === undefined) {
    return Effect.fail(new NoSuchCounter({ message: `It begins with one of ${projections.map(({ name }) => name).join(", ")}.` }))
  }
  const kind = valueKind(projection.section.schema.ast, names)
  return kind === undefined
    ? Effect.fail(new NoSuchCounter({ message: `It does not lead to a single value of ${section}, as casino.EUR.bet_amount does.` }))
    : Effect.succeed({ path, projection, kind })
}
