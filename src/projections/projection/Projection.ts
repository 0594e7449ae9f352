import type { EventType, FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import { currentZones } from "../../values/zones/pinnedZones.ts"
import type { ZoneData } from "../../values/zones/ZoneData.ts"
import { type EntityColumn, isStored } from "./Column.ts"
import { kindOf } from "./columns/totalKinds.ts"
import type { Entities, Entity, EntityRow, EntityTable, Summary } from "./EntityTable.ts"
import { type FoldContext, type ReadContext, type WithCalendar, withCalendar } from "./FoldContext.ts"
import type { AnyOrdered, FoldedEvent, Ordered } from "./Ordered.ts"
import { orderedTables } from "./orderedTables.ts"
import type { Section } from "./Section.ts"
import type { Contribution, ContributionRow, Ranking, TotalsReadRow, TotalsTable } from "./TotalsTable.ts"

/**
 * A projection: a name, a version, the event types it folds, the rows it keeps, and a pure fold
 * (docs/architecture.md#projections). It has one of three shapes:
 *
 * - Events that stand alone contribute to totals directly: `contribute`.
 * - Events about a thing with a life of its own (a payment, a bet) are folded into that thing's
 *   row, and the row contributes as it then stands: `entities`, `keys`, `fold`, and `contributions`
 *   if there are totals. Whatever order the events came in, equal rows contribute equally.
 * - Events that matter by what comes before and after them are summed up in their own order:
 *   `ordered`. A late event takes its place among the others.
 *
 * A projection may have both of the first two if its totals are only added up. Other totals are
 * rebuilt from the entities alone, and would lose what events contributed directly.
 *
 * A fold sees only its arguments: the same events give the same rows, today and in every rebuild.
 * It must not depend on the order of a user's events. An exception parks the user in this
 * projection, and affects no other user.
 */
export interface Projection<
  T extends EventType = EventType,
  E extends Readonly<Record<string, EntityTable>> = Readonly<Record<string, EntityTable>>,
  S extends TotalsTable = TotalsTable,
  C extends Readonly<Record<string, EntityColumn>> = Readonly<Record<string, EntityColumn>>
> {
  readonly name: string
  readonly version: number
  /**
   * The zone data of its calendar: the newest that is pinned, unless given. Other data needs
   * another version, as another rule does.
   */
  readonly zones?: ZoneData
  /**
   * Set for a version that a newer one has replaced: it is only for databases that have its rows.
   */
  readonly isFormer?: true
  readonly events: ReadonlyArray<T>
  readonly totals?: S
  /**
   * Set where users are ranked by their totals. The runner feeds such a projection apart from the
   * others, in large chunks that gather for some seconds.
   */
  readonly ranking?: Ranking
  readonly contribute?: (event: FoldedEvent<T>, context: FoldContext & WithCalendar) => ReadonlyArray<Contribution<S>>
  readonly entities?: E
  /**
   * The entity rows that an event certainly needs, so that they are loaded at once. A row that the
   * fold asks for without a name here costs another look-up.
   */
  readonly keys?: (event: FoldedEvent<T>) => ReadonlyArray<readonly [table: keyof E & string, ...key: ReadonlyArray<string>]>
  readonly fold?: (event: FoldedEvent<T>, entities: Entities<E>, context: FoldContext & WithCalendar) => void
  readonly contributions?: { readonly [P in keyof E]: (entity: Readonly<Entity<E[P]>>) => ReadonlyArray<Contribution<S>> }
  readonly ordered?: Ordered<T, C>
  /**
   * The user's part of the counters document, under the projection's name.
   *
   * It is made from the rows of the totals, else from those of the first entity table, else from
   * the summary of the ordered events.
   */
  readonly section: Section<SectionRow<E, S, C>, ReadContext & WithCalendar>
  /** Set where the section belongs to a document of its own, and not to the counters document. */
  readonly separateDocument?: true
}

type SectionRow<
  E extends Readonly<Record<string, EntityTable>>,
  S extends TotalsTable,
  C extends Readonly<Record<string, EntityColumn>>
> = keyof S["columns"] extends never ? keyof C extends never ? Readonly<Entity<E[keyof E]>> : Summary<C> : TotalsReadRow<S>

/**
 * Any projection, its own types forgotten: what the runner, the tables and the readers work with.
 */
export interface AnyProjection {
  readonly name: string
  readonly version: number
  readonly zones: ZoneData
  readonly isFormer?: true
  readonly events: ReadonlyArray<EventType>
  readonly totals: TotalsTable | undefined
  readonly ranking?: Ranking
  readonly entities: Readonly<Record<string, EntityTable>>
  readonly contribute: ((event: FastTrackEvent, context: FoldContext) => ReadonlyArray<ContributionRow>) | undefined
  readonly keys: (event: FastTrackEvent) => ReadonlyArray<readonly [table: string, ...key: ReadonlyArray<string>]>
  readonly fold:
    | ((event: FastTrackEvent, entities: Record<string, (...key: ReadonlyArray<string>) => EntityRow>, context: FoldContext) => void)
    | undefined
  readonly contributions: Readonly<Record<string, (entity: EntityRow) => ReadonlyArray<ContributionRow>>>
  readonly ordered: AnyOrdered | undefined
  readonly section: Section
  readonly separateDocument?: true
}

/**
 * Declares a projection: checks its parts against each other, gives it its calendars, and forgets
 * its types for the machinery.
 *
 * Throws if the parts do not go together.
 */
export const make = <
  const T extends EventType,
  const S extends TotalsTable = { key: []; columns: {} },
  const E extends Readonly<Record<string, EntityTable>> = {},
  const C extends Readonly<Record<string, EntityColumn>> = {}
>(projection: Projection<T, E, S, C>): AnyProjection => {
  const { contribute, contributions, entities, fold, keys, ordered, totals, ...rest } = projection
  const isRebuilt = Object.values(totals?.columns ?? {}).some((column) => isStored(column) && kindOf(column).subtract === undefined)
  if (contribute !== undefined && fold !== undefined && isRebuilt) {
    throw new Error(`${projection.name} both contributes and folds: its totals may only be counts and amounts`)
  }
  if (ordered !== undefined && (totals ?? entities) !== undefined) {
    throw new Error(`${projection.name} is ordered: it has no totals and entities of its own`)
  }
  if (projection.ranking !== undefined && totals === undefined) throw new Error(`${projection.name} has no totals to rank users by`)
  const erased = {
    ...rest,
    totals,
    entities: entities ?? {},
    contribute,
    keys: keys ?? (() => []),
    fold,
    contributions: contributions ?? {},
    ordered
  }
  // The runner only ever hands a projection events of the types in `events` and rows of its own
  // tables: what the types said until here.
  return made(erased as unknown as Declared)
}

/**
 * A projection's rule as another of its versions, with other zone data: before an update of the
 * data, or after one.
 *
 * Throws unless {@link make} gave the projection.
 */
export const withZones = (
  projection: AnyProjection,
  version: Pick<AnyProjection, "version" | "zones" | "isFormer">
): AnyProjection => {
  const rule = declarations.get(projection)
  if (rule === undefined) throw new Error(`${projection.name} is a copy of a projection, whose calendars are those of the original`)
  return made({ ...rule, ...version })
}

/** A projection as it was declared, before it was given its calendars. */
type Declared = Omit<AnyProjection, "zones"> & { readonly zones?: ZoneData }

const declarations = new WeakMap<object, Declared>()

/** Whether {@link make} gave a value. */
export const isProjection = (value: unknown): value is AnyProjection =>
  typeof value === "object" && value !== null && declarations.has(value)

const made = (declared: Declared): AnyProjection => {
  const { contribute, fold, ordered, section, zones = currentZones } = declared
  const own = withCalendar(zones)
  // The declared functions are called with contexts that have a calendar: what the types said in
  // `Projection`.
  const any: AnyProjection = {
    ...declared,
    zones,
    contribute: contribute && ((event, context) => contribute(event, own(context))),
    fold: fold && ((event, entities, context) => fold(event, entities, own(context))),
    ordered: ordered && { ...ordered, one: (event, context) => ordered.one(event, own(context)) },
    entities: ordered === undefined ? declared.entities : orderedTables(declared.name, ordered),
    section: { ...section, present: (rows, context) => section.present(rows, withCalendar(zones)(context)) }
  }
  declarations.set(any, declared)
  return any
}
