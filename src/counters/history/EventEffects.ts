import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type DatabaseUnavailable, unavailable } from "../../database/DatabaseUnavailable.ts"
import type { FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import { failsOnSampleLog } from "../../projections/fold/fingerprint.ts"
import { MemoryFold } from "../../projections/fold/MemoryFold.ts"
import type { FoldContext } from "../../projections/projection/FoldContext.ts"
import type { AnyProjection } from "../../projections/projection/Projection.ts"
import { activeVersions } from "../../projections/versions/versions.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { Position } from "../../values/Position.ts"
import type { UserId } from "../../values/UserId.ts"
import { maxRows } from "../TooManyRows.ts"
import { addUpToFailure } from "./addUpToFailure.ts"
import { formatCounterPath, type ValueKind, valueKind } from "./counterPath.ts"
import type { Folding, HistoryEvent } from "./Folding.ts"
import { Histories, type HistoryTooLarge, type HistoryUnfinished } from "./Histories.ts"
import { differenceOf, isSame, nothing } from "./valueChange.ts"

/** A value of a counters document that an event changed. */
export interface CounterChange {
  /** As `formatCounterPath` writes it. */
  readonly path: string
  readonly kind: ValueKind
  /** By how much: see `differenceOf`. */
  readonly difference: unknown
  /** The value with the event and all before it. */
  readonly value: unknown
}

/** What events changed in a user's counters. */
export interface Effects {
  /** By the position of the event. An event that changed nothing has an empty list. */
  readonly changes: ReadonlyMap<Position, ReadonlyArray<CounterChange>>
  /** Sections that are left out from an event on: their folds fail on it, or have too many rows. */
  readonly stale: ReadonlyArray<string>
}

/** Says what single events changed in a user's counters. */
export class EventEffects extends Context.Service<EventEffects, {
  /**
   * The changes that some of the user's events made to the sections of the counters document, in
   * the order of the document. Undefined for a user without events.
   *
   * The positions are of events of the user, in order. "Now" is the moment at which each event was
   * recorded. The user's events up to the last of these are folded again, in steps: see
   * {@link Histories}, whose errors it has. A section of more than {@link maxRows} rows is left
   * out.
   */
  readonly read: (
    tenant: Tenant,
    userId: UserId,
    positions: ReadonlyArray<Position>
  ) => Effect.Effect<Effects | undefined, HistoryUnfinished | HistoryTooLarge | DatabaseUnavailable>
}>()("playtally/counters/EventEffects") {
  static readonly layer = (projections: ReadonlyArray<AnyProjection>) =>
    Layer.effect(
      EventEffects,
      Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const histories = yield* Histories
        const shown = projections.filter(({ separateDocument }) => separateDocument !== true)

        const read: EventEffects["Service"]["read"] = Effect.fn("EventEffects.read")(function*(tenant, userId, positions) {
          const last = positions.at(-1)
          if (last === undefined) return { changes: new Map(), stale: [] }
          const { tenantId, timeZone, weekStart } = tenant
          const active = yield* activeVersions(sql).pipe(unavailable("EventEffects.read"))
          const folded = shown.filter((projection) => active.get(projection.name) === projection.version && !failsOnSampleLog(projection))
          const versions = folded.map(({ name, version }) => `${name}_v${version}`)
          return yield* histories.fold<EffectFolds, Effects>({
            tenant,
            userId,
            types: [...new Set(folded.flatMap(({ events }) => events))],
            key: JSON.stringify(["effects", tenantId, timeZone, weekStart, userId, ...versions, ...positions]),
            begin: Effect.sync(() => ({
              folding: new EffectFolds(folded, { timeZone, weekStart }, positions),
              place: Position(0),
              upTo: last
            })),
            goOn: (kept) => kept,
            finish: ({ folding }) => ({ answer: folding.effects, keepAs: undefined })
          })
        })
        return EventEffects.of({ read })
      })
    )
}

/** The sections of one user, which are looked at before and after some events. */
class EffectFolds implements Folding {
  readonly isDone = false
  private readonly folds: ReadonlyArray<{ readonly projection: AnyProjection; readonly fold: MemoryFold }>
  private readonly context: FoldContext
  private readonly wanted: ReadonlySet<Position>
  private readonly changes = new Map<Position, ReadonlyArray<CounterChange>>()
  private readonly stale = new Set<string>()

  constructor(projections: ReadonlyArray<AnyProjection>, context: FoldContext, wanted: ReadonlyArray<Position>) {
    this.folds = projections.map((projection) => ({ projection, fold: new MemoryFold(projection, context) }))
    this.context = context
    this.wanted = new Set(wanted)
    for (const position of wanted) this.changes.set(position, [])
  }

  get bytes(): number {
    return this.folds.reduce((bytes, { fold }) => bytes + fold.bytes, 0)
  }

  get effects(): Effects {
    return { changes: this.changes, stale: [...this.stale] }
  }

  add(events: ReadonlyArray<HistoryEvent>): void {
    let between: Array<FastTrackEvent> = []
    for (const { logged, position, type } of events) {
      if (logged !== undefined && !this.wanted.has(position)) {
        between.push(logged.event)
        continue
      }
      this.pass(between)
      between = []
      if (logged === undefined) this.stopAt(type)
      else this.changes.set(position, this.changesOf(logged.event, logged.recordedAt))
    }
    this.pass(between)
  }

  private pass(events: ReadonlyArray<FastTrackEvent>): void {
    if (events.length === 0) return
    for (const { fold, projection: { name } } of this.folds) {
      if (!this.stale.has(name) && !addUpToFailure(fold, events)) this.stale.add(name)
    }
  }

  /** No reader takes an event of the type. */
  private stopAt(type: string): void {
    for (const { projection } of this.folds) {
      if ((projection.events as ReadonlyArray<string>).includes(type)) this.stale.add(projection.name)
    }
  }

  private changesOf(event: FastTrackEvent, now: number): ReadonlyArray<CounterChange> {
    const changes: Array<CounterChange> = []
    for (const { fold, projection: { events, name, section } } of this.folds) {
      if (this.stale.has(name) || !events.includes(event.event)) continue
      if (fold.count() > maxRows) {
        this.stale.add(name)
        continue
      }
      const before = fold.section({ ...this.context, now })
      if (!addUpToFailure(fold, [event])) {
        this.stale.add(name)
        continue
      }
      compare([], { before, after: fold.section({ ...this.context, now }) }, (names, values) => {
        const kind = valueKind(section.schema.ast, names)
        if (kind === undefined) return
        const before = values.before ?? nothing[kind]
        const after = values.after ?? nothing[kind]
        if (isSame(before, after)) return
        changes.push({ path: formatCounterPath([name, ...names]), kind, difference: differenceOf(kind, before, after), value: after })
      })
    }
    return changes
  }
}

interface Values {
  readonly before: unknown
  readonly after: unknown
}

type Record = Readonly<{ [name: string]: unknown }>

const isRecord = (value: unknown): value is Record => typeof value === "object" && value !== null && !Array.isArray(value)

/** Tells each single value that is not the same in two sections. */
const compare = (
  names: ReadonlyArray<string>,
  { after, before }: Values,
  tell: (names: ReadonlyArray<string>, values: Values) => void
): void => {
  if (!isRecord(before) && !isRecord(after)) {
    if (!isSame(before, after)) tell(names, { before, after })
    return
  }
  const [old, young]: readonly [Record, Record] = [isRecord(before) ? before : {}, isRecord(after) ? after : {}]
  for (const name of new Set([...Object.keys(young), ...Object.keys(old)])) {
    compare([...names, name], { before: old[name], after: young[name] }, tell)
  }
}
