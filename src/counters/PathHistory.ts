import type { LoggedEvent } from "../event-log/LoggedEvent.ts"
import { subtractDecimals } from "../projections/decimalArithmetic.ts"
import { MemoryFold } from "../projections/MemoryFold.ts"
import type { AnyProjection, ReadContext } from "../projections/Projection.ts"
import { valueAt, type ValueKind } from "./counterPath.ts"

/** An event that changed a value: by how much, and to what. */
export interface Contribution {
  readonly logged: LoggedEvent
  /** The difference, a number for a count and canonical decimal text for an amount; for any other value the value itself. */
  readonly contribution: unknown
  /** The value with this event and all before it; of a number that the document has not, 0. */
  readonly value: unknown
}

/**
 * How one value of a section came about: a user's events are added in order of position, and those that changed the value are kept, up to `limit` of
 * those after the position `after`. Having no number is as good as 0 there. Whatever depends on the present is taken as of `context.now` throughout, so
 * that it ends with the value of the document.
 *
 * The first page needs all events, for the value they end with; {@link turn} goes on from there with no more than the next page shows.
 */
export class PathHistory {
  contributions: Array<Contribution> = []
  /** Of the page's events and those before, and of the one that follows it, if there is one. */
  private readonly fold: MemoryFold
  /** Of all events, until their value is known. */
  private whole: MemoryFold | undefined
  /** The first event that changed the value and was not kept. */
  private following: Contribution | undefined
  private readonly names: ReadonlyArray<string>
  private readonly kind: ValueKind
  private readonly context: ReadContext
  private readonly after: number
  private limit: number
  /** The value of the fold; unknown (null) while nobody looks. */
  private current: { readonly value: unknown } | null = null
  private last: { readonly value: unknown } | null = null

  constructor(
    projection: AnyProjection,
    path: { readonly names: ReadonlyArray<string>; readonly kind: ValueKind },
    context: ReadContext,
    page: { readonly after: number; readonly limit: number }
  ) {
    this.fold = new MemoryFold(projection, context)
    this.whole = new MemoryFold(projection, context)
    this.names = path.names
    this.kind = path.kind
    this.context = context
    this.after = page.after
    this.limit = page.limit
  }

  /** Whether more events changed the value than were kept. */
  get isMore(): boolean {
    return this.following !== undefined
  }

  /** Whether no further events are needed. */
  get isDone(): boolean {
    return this.isMore && this.whole === undefined
  }

  /** The position after which the page that follows goes on reading. */
  get reached(): number {
    return this.following?.logged.position ?? 0
  }

  /** Goes on to the next page, once all events have been added to the first: events after {@link reached} are to be added, until it is done. */
  turn(limit: number): void {
    this.last = { value: this.value() }
    this.whole = undefined
    this.limit = limit
    this.contributions = this.following === undefined ? [] : [this.following]
    this.following = undefined
  }

  /** Adds the next events of the projection's types. Throws what the fold throws. */
  add(events: ReadonlyArray<LoggedEvent>): void {
    this.whole?.add(events.map(({ event }) => event))
    this.last = this.whole === undefined ? this.last : null
    if (this.isMore) return
    const start = events.findIndex(({ position }) => position > this.after)
    let next = start === -1 ? events.length : start
    this.pass(events.slice(0, next))
    while (next < events.length && !this.isMore) this.look(events[next++])
  }

  /** The value with all events, those after the page too; undefined if the document has none. */
  value(): unknown {
    this.last ??= { value: this.valueOf(this.whole ?? this.fold) }
    return this.last.value
  }

  private valueOf(fold: MemoryFold): unknown {
    return valueAt(fold.section(this.context), this.names)
  }

  private valueHere(): unknown {
    this.current ??= { value: this.valueOf(this.fold) }
    return this.current.value
  }

  private pass(events: ReadonlyArray<LoggedEvent>): void {
    if (events.length === 0) return
    this.fold.add(events.map(({ event }) => event))
    this.current = null
  }

  private look(logged: LoggedEvent | undefined): void {
    if (logged === undefined) return
    const before = this.valueHere() ?? nothing[this.kind]
    this.pass([logged])
    const after = this.valueHere() ?? nothing[this.kind]
    if (isSame(before, after)) return
    const contribution = { logged, contribution: this.difference(before, after), value: after }
    if (this.contributions.length === this.limit) this.following = contribution
    else this.contributions.push(contribution)
  }

  private difference(before: unknown, after: unknown): unknown {
    switch (this.kind) {
      case "count":
        return Number(after) - Number(before)
      case "amount":
        return subtractDecimals(String(after), String(before))
      case "other":
        return after
    }
  }
}

/** What a value that is not there comes to: a currency that appears with a bet has not won 0 by it. */
const nothing = { count: 0, amount: "0", other: null } as const

const isSame = (before: unknown, after: unknown): boolean =>
  before === after || (typeof before === "object" && JSON.stringify(before) === JSON.stringify(after))
