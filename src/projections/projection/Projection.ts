import type * as Schema from "effect/Schema"
import type { EventType, FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import type { DayRuns } from "../../values/dayRuns.ts"
import type { Calendar } from "../../values/zones/Calendar.ts"
import { currentZones } from "../../values/zones/pinnedZones.ts"
import type { ZoneData } from "../../values/zones/ZoneData.ts"
import type { EntityColumn, TotalColumn } from "./Column.ts"
import { orderedTables } from "./orderedTables.ts"

/** What a fold may know besides the event. */
export interface FoldContext {
  /** IANA zone in which the tenant's days begin. */
  readonly timeZone: string
  /** The day with which the tenant's weeks begin, 1 (Monday) to 7; Monday unless given. */
  readonly weekStart?: number
}

/** What a reading is made for: the zone, and the instant that counts as now. */
export interface ReadContext extends FoldContext {
  /** Epoch milliseconds. */
  readonly now: number
}

/** The days of the tenant's zone, of the zone data that the version is for. */
export interface WithCalendar {
  readonly calendar: Calendar
}

type ValueOf<C> = C extends { readonly kind: "tally" } ? number
  : C extends { readonly kind: "time" } ? number | null
  : C extends { readonly kind: "text" | "decimal" } ? string | null
  : C extends { readonly kind: "flag"; readonly empty: infer E } ? (E extends null ? boolean | null : boolean)
  : never

type ContributionOf<C> = C extends { readonly kind: "count" | "earliest" | "latest" | "days" } ? number
  : C extends { readonly kind: "amount" | "greatest" } ? string
  : never

type ReadOf<C> = C extends { readonly kind: "count" } | { readonly kind: "difference"; readonly of: "count" } ? number
  : C extends { readonly kind: "amount" | "greatest" | "difference" } ? string
  : C extends { readonly kind: "earliest" | "latest" } ? number | null
  : C extends { readonly kind: "days" } ? DayRuns
  : never

type KeyOf<K extends ReadonlyArray<string>> = { readonly [P in K[number]]: string }

/**
 * One kind of thing a fold keeps per user, a row each: named by its key (texts), remembered in its
 * columns.
 */
export interface EntityTable {
  readonly key: ReadonlyArray<string>
  readonly columns: Readonly<Record<string, EntityColumn>>
}

/** The row of one entity: a fold changes its columns in place. */
export type Entity<T extends EntityTable> = KeyOf<T["key"]> & { -readonly [P in keyof T["columns"]]: ValueOf<T["columns"][P]> }

/** The rows a user is counted in: one per key, say per currency. */
export interface TotalsTable {
  readonly key: ReadonlyArray<string>
  readonly columns: Readonly<Record<string, TotalColumn>>
}

/**
 * How users stand among each other in the totals, within each key: the greater score first, of
 * equal ones the one reached earlier, then the lesser user_id. Both are SQL over the columns of the
 * row, and immutable, for they are kept in an index.
 */
export interface Ranking {
  /** Of type numeric. */
  readonly score: string
  /** Of type timestamptz. */
  readonly reachedAt: string
  /** Most users counted together in a bucket (see `rankingTables.ts`); 1,000 unless given. */
  readonly bucketSize?: number
}

/**
 * What one event, or one entity as it stands, adds to the totals row of the key it names. Columns
 * left out get nothing.
 */
export type Contribution<T extends TotalsTable> =
  & KeyOf<T["key"]>
  & {
    readonly [P in keyof T["columns"] as T["columns"][P] extends { readonly kind: "difference" } ? never : P]?: ContributionOf<
      T["columns"][P]
    >
  }

/** Gives the row of a key, empty if there is none yet. */
export type Entities<E extends Readonly<Record<string, EntityTable>>> = {
  readonly [P in keyof E]: (...key: ReadonlyArray<string>) => Entity<E[P]>
}

/** What is known of some of a user's events that follow each other. */
export type Summary<C extends Readonly<Record<string, EntityColumn>>> = { readonly [P in keyof C]: ValueOf<C[P]> }

/** How a user's events are summed up in their own order, whatever order they come in. */
export interface Ordered<T extends EventType, C extends Readonly<Record<string, EntityColumn>>> {
  /** What a summary says. Readers get that of all the user's events, as one row. */
  readonly columns: C
  /**
   * An event's place: epoch milliseconds and, among equal times, an id by its UTF-8 bytes. No two
   * events of a user have the same.
   */
  readonly order: (event: EventOf<T>) => readonly [time: number, id: string]
  /** The summary of one event. */
  readonly one: (event: EventOf<T>, context: FoldContext & WithCalendar) => Summary<C>
  /**
   * The summary of some events and of those that follow them, together. Associative: how many
   * events either is of, and how it came about, is the same.
   */
  readonly combine: (earlier: Summary<C>, later: Summary<C>) => Summary<C>
}

/**
 * A row of the totals as it is read: numbers for counts, canonical decimal text for amounts, epoch
 * milliseconds for times, runs for days.
 */
export type TotalsReadRow<T extends TotalsTable> = KeyOf<T["key"]> & { readonly [P in keyof T["columns"]]: ReadOf<T["columns"][P]> }

type EventOf<T extends EventType> = Extract<FastTrackEvent, { readonly event: T }>

/**
 * A projection: a name, a version, the event types it folds, the rows it keeps, and a pure fold
 * (docs/architecture.md#projections). It comes in three shapes:
 *
 * - Events that stand alone contribute to totals directly: `contribute`.
 * - Events about a thing with a life of its own (a payment, a bet) are folded into that thing's
 *   row, and the row contributes as it then stands: `entities`, `keys`, `fold`, and `contributions`
 *   if there are totals. Whatever order the events came in, equal rows contribute equally.
 * - Events that matter by what comes before and after them are summed up in their own order:
 *   `ordered`. A late one takes its place among the others.
 *
 * It may have both of the first two, if its totals are only added up: from the entities alone, what
 * events contributed directly could not be made anew.
 *
 * A fold sees only its arguments: the same events give the same rows, today and in every rebuild.
 * It must not depend on the order of a user's events. An exception parks the user in this
 * projection and stops nobody else.
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
   * The zone data that its calendar is of: the newest that is pinned, unless given. Other data
   * needs another version, as another rule does.
   */
  readonly zones?: ZoneData
  /**
   * Set for a version that a newer one has replaced: it is only for databases that have its rows.
   */
  readonly isFormer?: true
  readonly events: ReadonlyArray<T>
  readonly totals?: S
  /**
   * Set where users are ranked by their totals. Such a projection is fed apart from the others, in
   * large chunks that gather for some seconds.
   */
  readonly ranking?: Ranking
  readonly contribute?: (event: EventOf<T>, context: FoldContext & WithCalendar) => ReadonlyArray<Contribution<S>>
  readonly entities?: E
  /**
   * The entity rows an event certainly needs, so that they are loaded at once. A row asked for
   * without being named here costs another look-up.
   */
  readonly keys?: (event: EventOf<T>) => ReadonlyArray<readonly [table: keyof E & string, ...key: ReadonlyArray<string>]>
  readonly fold?: (event: EventOf<T>, entities: Entities<E>, context: FoldContext & WithCalendar) => void
  readonly contributions?: { readonly [P in keyof E]: (entity: Readonly<Entity<E[P]>>) => ReadonlyArray<Contribution<S>> }
  readonly ordered?: Ordered<T, C>
  /**
   * The user's part of the counters document, under the projection's name, made from the rows of
   * the totals, or of the first entity table, or from the summary of the ordered events.
   */
  readonly section: Section<SectionRow<E, S, C>, ReadContext & WithCalendar>
  /** Set where the section is no part of the counters document, but of one of its own. */
  readonly separateDocument?: true
}

type SectionRow<
  E extends Readonly<Record<string, EntityTable>>,
  S extends TotalsTable,
  C extends Readonly<Record<string, EntityColumn>>
> = keyof S["columns"] extends never ? keyof C extends never ? Readonly<Entity<E[keyof E]>> : Summary<C> : TotalsReadRow<S>

/** A row as it is read, whatever its table: see {@link TotalsReadRow} and {@link Entity}. */
export type ReadRow = Readonly<Record<string, unknown>>

/**
 * How a user's rows become a part of the counters document (docs/design.md#counters), and the
 * schema of that part for the API's description.
 */
export interface Section<R = ReadRow, C = ReadContext> {
  readonly schema: Schema.Top
  readonly present: (rows: ReadonlyArray<R>, context: C) => unknown
  /**
   * The key of the one row of the totals that a value of the section is made from, by the names
   * that lead to it; undefined if it may be made from any row. It spares whoever follows a value
   * through a user's events the presentation of all other rows.
   */
  readonly rowOf?: (names: ReadonlyArray<string>) => ReadonlyArray<string> | undefined
}

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

/** How the events of any ordered projection are summed up. */
export interface AnyOrdered {
  readonly columns: Readonly<Record<string, EntityColumn>>
  readonly order: (event: FastTrackEvent) => readonly [time: number, id: string]
  readonly one: (event: FastTrackEvent, context: FoldContext) => EntityRow
  readonly combine: (earlier: EntityRow, later: EntityRow) => EntityRow
}

/** An entity's row whatever its table; an array only in an internal column. */
export type EntityRow = Record<string, string | number | boolean | null | ReadonlyArray<unknown>>
/** A contribution whatever its table. */
export type ContributionRow = Readonly<Record<string, string | number>>

/**
 * Checks a projection's parts against each other as it is declared, gives it its calendars, and
 * forgets its types for the machinery.
 */
export const make = <
  const T extends EventType,
  const S extends TotalsTable = { key: []; columns: {} },
  const E extends Readonly<Record<string, EntityTable>> = {},
  const C extends Readonly<Record<string, EntityColumn>> = {}
>(projection: Projection<T, E, S, C>): AnyProjection => {
  const { contribute, contributions, entities, fold, keys, ordered, totals, ...rest } = projection
  const extremes = Object.values(totals?.columns ?? {}).filter(({ kind }) => kind !== "count" && kind !== "amount" && kind !== "difference")
  if (contribute !== undefined && fold !== undefined && extremes.length > 0) {
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
 * A projection's rule as another of its versions, with other zone data: what it was before an
 * update of the data, or is going to be after one. Only of what {@link make} gave.
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

const declarations = new WeakMap<AnyProjection, Declared>()

const made = (declared: Declared): AnyProjection => {
  const { contribute, fold, ordered, section, zones = currentZones } = declared
  const own = zoned(zones)
  // The declared functions are called with contexts that have a calendar: what the types said in
  // `Projection`.
  const any: AnyProjection = {
    ...declared,
    zones,
    contribute: contribute && ((event, context) => contribute(event, own(context))),
    fold: fold && ((event, entities, context) => fold(event, entities, own(context))),
    ordered: ordered && { ...ordered, one: (event, context) => ordered.one(event, own(context)) },
    entities: ordered === undefined ? declared.entities : orderedTables(declared.name, ordered),
    section: { ...section, present: (rows, context) => section.present(rows, zoned(zones)(context)) }
  }
  declarations.set(any, declared)
  return any
}

/** Adds to a context the calendar of its zone, which is looked up when it is asked for. */
const zoned = (zones: ZoneData) => {
  let last: FoldContext | undefined
  let own: (ReadContext & WithCalendar) | undefined
  // Each event of a user has the same context.
  return (context: FoldContext): ReadContext & WithCalendar => {
    if (context === last && own !== undefined) return own
    last = context
    let calendar: Calendar | undefined
    return own = {
      get timeZone() {
        return context.timeZone
      },
      get weekStart() {
        return context.weekStart ?? 1
      },
      get calendar() {
        return calendar ??= zones.calendar(context.timeZone)
      },
      // Only of a reading's context, whose type says so.
      now: (context as ReadContext).now
    }
  }
}
