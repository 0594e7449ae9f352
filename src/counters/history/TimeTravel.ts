import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type DatabaseUnavailable, unavailable } from "../../database/DatabaseUnavailable.ts"
import { userRef } from "../../event-log/pseudonym.ts"
import { sliceOf } from "../../event-log/sliceOf.ts"
import { type InFuture, UserHistory } from "../../event-log/UserHistory.ts"
import type { FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import { newestGenerations } from "../../projections/feed/generations.ts"
import { failsOnSampleLog } from "../../projections/fold/fingerprint.ts"
import { MemoryFold } from "../../projections/fold/MemoryFold.ts"
import type { FoldContext, ReadContext } from "../../projections/projection/FoldContext.ts"
import type { AnyProjection } from "../../projections/projection/Projection.ts"
import { activeVersions } from "../../projections/versions/versions.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { Position } from "../../values/Position.ts"
import type { UserId } from "../../values/UserId.ts"
import { ProjectionBehind, ProjectionFailing } from "../ConsistentReads.ts"
import { type CountersDocument, tooManyOfUser } from "../Counters.ts"
import { ProjectionNotBuilt } from "../ProjectionNotBuilt.ts"
import { maxRows, type TooManyRows } from "../TooManyRows.ts"
import { addUpToFailure } from "./addUpToFailure.ts"
import type { Folding, HistoryEvent } from "./Folding.ts"
import { Histories, type HistoryTooLarge, type HistoryUnfinished } from "./Histories.ts"

/** The counters of users as they were. */
export class TimeTravel extends Context.Service<TimeTravel, {
  /**
   * The document of what the log held at an instant (epoch milliseconds). Undefined if the user had
   * no event yet.
   *
   * It has the user's events recorded by then, folded by the projections that are active today, in
   * today's zone of the tenant. "Now" is that instant. `position` is the last position of the
   * user's slice at that time.
   *
   * A section stops before an event on which its fold fails, or that no reader takes. `stale` names
   * it then. A section is left out if it is not active yet or if this process's code cannot run it,
   * unless the reader named it.
   *
   * It reads the log itself, so it never lags behind. It takes time in proportion to the number of
   * the user's events until then, in steps: see {@link Histories}. The next request for the same
   * sections goes on from there, also for a later instant.
   *
   * - `InFuture`: the instant has not come.
   * - `ProjectionNotBuilt`, `ProjectionFailing`: a section that the reader named, or every section,
   *   must be rebuilt or cannot be run.
   * - `ProjectionBehind`: another process has activated a version that this code does not know.
   * - `TooManyRows`: as in `Counters`.
   * - The errors of {@link Histories}.
   */
  readonly read: (
    tenant: Tenant,
    userId: UserId,
    options: { readonly instant: number; readonly sections: ReadonlyArray<string>; readonly areNamed?: boolean }
  ) => Effect.Effect<
    CountersDocument | undefined,
    | InFuture
    | ProjectionBehind
    | ProjectionNotBuilt
    | ProjectionFailing
    | TooManyRows
    | HistoryUnfinished
    | HistoryTooLarge
    | DatabaseUnavailable
  >
}>()("playtally/counters/TimeTravel") {
  static readonly layer = (projections: ReadonlyArray<AnyProjection>) =>
    Layer.effect(
      TimeTravel,
      Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const history = yield* UserHistory
        const histories = yield* Histories

        const read: TimeTravel["Service"]["read"] = Effect.fn("TimeTravel.read")(
          function*(tenant, userId, { areNamed, instant, sections }) {
            const { keyNamespace, tenantId, timeZone, weekStart } = tenant
            const upTo = yield* history.headAt(sliceOf(tenantId, userId), instant)
            if (!(yield* history.isAny({ tenantId, userId, upTo }))) return undefined

            const active = yield* activeVersions(sql).pipe(unavailable("TimeTravel.read"))
            const known = sections.flatMap((section) =>
              projections.filter(({ name, version }) => name === section && active.get(name) === version)
            )
            const folded = known.filter((projection) => !failsOnSampleLog(projection))
            const failing = known.filter(failsOnSampleLog).map(({ name }) => name)
            if (failing.length > 0 && (areNamed === true || folded.length === 0)) {
              return yield* new ProjectionFailing({ projections: failing })
            }
            const unbuilt = sections.filter((section) => !active.has(section))
            if (areNamed === true ? unbuilt.length > 0 : unbuilt.length === sections.length) {
              return yield* new ProjectionNotBuilt({ projections: unbuilt })
            }
            if (folded.length === 0 || known.length + unbuilt.length < sections.length) {
              return yield* new ProjectionBehind({ waited: 0 })
            }
            const names = folded.map(({ name }) => name)
            const generations = yield* newestGenerations(sql, { tenantId, userId }, names).pipe(unavailable("TimeTravel.read"))
            const versions = folded.map(({ name, version }) => `${name}_v${version}`)
            const key = JSON.stringify(["as_of", tenantId, timeZone, weekStart, userId, ...versions])
            const found = yield* histories.fold<SectionFolds, FoldedSections | TooManyRows>({
              tenant,
              userId,
              types: [...new Set(folded.flatMap(({ events }) => events))],
              key,
              begin: Effect.sync(() => ({ folding: new SectionFolds(folded, { timeZone, weekStart }), place: Position(0), upTo })),
              goOn: (kept) => kept.place <= upTo ? { ...kept, upTo } : undefined,
              finish: ({ folding }) => ({ answer: folding.sections(userId, { timeZone, weekStart, now: instant }), keepAs: key })
            })
            if (found === undefined) return undefined
            if ("_tag" in found) return yield* found
            return {
              user_id: userId,
              ref: userRef(keyNamespace, userId),
              time_zone: timeZone,
              position: upTo,
              generations,
              ...found.sections,
              ...found.stale.length > 0 ? { stale: found.stale } : {}
            }
          }
        )
        return TimeTravel.of({ read })
      })
    )
}

interface FoldedSections {
  readonly sections: Readonly<Record<string, unknown>>
  readonly stale: ReadonlyArray<string>
}

/** The sections of one user, folded side by side. */
class SectionFolds implements Folding {
  readonly isDone = false
  private readonly folds: ReadonlyArray<{ readonly projection: AnyProjection; readonly fold: MemoryFold }>
  /** Sections that have stopped. */
  private readonly stale = new Set<string>()

  constructor(projections: ReadonlyArray<AnyProjection>, context: FoldContext) {
    this.folds = projections.map((projection) => ({ projection, fold: new MemoryFold(projection, context) }))
  }

  get bytes(): number {
    return this.folds.reduce((bytes, { fold }) => bytes + fold.bytes, 0)
  }

  add(events: ReadonlyArray<HistoryEvent>): void {
    let readable: Array<FastTrackEvent> = []
    for (const { logged, type } of events) {
      if (logged !== undefined) {
        readable.push(logged.event)
        continue
      }
      this.addReadable(readable)
      readable = []
      for (const { projection } of this.folds) {
        if ((projection.events as ReadonlyArray<string>).includes(type)) this.stale.add(projection.name)
      }
    }
    this.addReadable(readable)
  }

  sections(userId: UserId, context: ReadContext): FoldedSections | TooManyRows {
    for (const { fold, projection } of this.folds) {
      if (fold.count() > maxRows) return tooManyOfUser(projection.name, userId)
    }
    return {
      sections: Object.fromEntries(this.folds.map(({ fold, projection }) => [projection.name, fold.section(context)])),
      stale: [...this.stale]
    }
  }

  private addReadable(events: ReadonlyArray<FastTrackEvent>): void {
    if (events.length === 0) return
    for (const { fold, projection: { name } } of this.folds) {
      if (!this.stale.has(name) && !addUpToFailure(fold, events)) this.stale.add(name)
    }
  }
}
