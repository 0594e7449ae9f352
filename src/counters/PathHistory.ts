import type { RecordedEvent } from "../event-log/RecordedEvent.ts"
import { MemoryFold } from "../projections/fold/MemoryFold.ts"
import type { ReadContext } from "../projections/projection/FoldContext.ts"
import type { AnyProjection } from "../projections/projection/Projection.ts"
import type { ReadRow } from "../projections/projection/Section.ts"
import { subtractDecimals } from "../values/decimalArithmetic.ts"
import { valueAt, type ValueKind } from "./counterPath.ts"

/** An event with about how many bytes of a page it takes. */
export interface SizedEvent {
  readonly logged: RecordedEvent
  readonly bytes: number
}

/** An event that changed a value: by how much, and to what. */
export interface ContributingEvent {
  readonly logged: RecordedEvent
  /**
   * The difference, a number for a count and canonical decimal text for an amount; for any other
   * value the value itself.
   */
  readonly contribution: unknown
  /** The value with this event and all before it; of a number that the document has not, 0. */
  readonly value: unknown
}

/**
 * How one value of a section came about: a user's events are added in order of position, and those
 * that changed the value are kept, up to `limit` of those after the position `after` and
 * {@link maxPageBytes} of events. Having no number is as good as 0 there. Whatever depends on the
 * present is taken as of `context.now` throughout, so that it ends with the value of the document.
 *
 * The first page needs all events, for the value they end with; {@link turn} goes on from there
 * with no more than the next page shows.
 */
export class PathHistory {
  contributions: Array<ContributingEvent> = []
  /** Of the page's events and those before, and of the one that follows it, if there is one. */
  private readonly fold: MemoryFold
  /** Of all events, until their value is known. */
  private whole: MemoryFold | undefined
  /** The first event that changed the value and was not kept. */
  private following: ContributingEvent | undefined
  private readonly names: ReadonlyArray<string>
  private readonly kind: ValueKind
  private readonly context: ReadContext
  private readonly after: number
  private limit: number
  private readonly projection: AnyProjection
  /** The value of the fold and the rows it is made from; unknown (null) while nobody looks. */
  private current: { readonly value: unknown; readonly rows: ReadonlyArray<ReadRow> } | null = null
  /** Bytes of the events of the page, and of the one that follows. */
  private pageBytes = 0
  private followingBytes = 0
  private last: { readonly value: unknown } | null = null

  constructor(
    projection: AnyProjection,
    path: { readonly names: ReadonlyArray<string>; readonly kind: ValueKind },
    context: ReadContext,
    page: { readonly after: number; readonly limit: number }
  ) {
    this.projection = projection
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

  /**
   * About how much memory the rows and the events of the page take. A parsed event takes some times
   * the bytes of its text.
   */
  get bytes(): number {
    return this.fold.bytes + (this.whole?.bytes ?? 0) + 4 * (this.pageBytes + this.followingBytes)
  }

  /** Lets go of the page, which was answered: until it is turned, only what follows is needed. */
  letGo(): void {
    this.contributions = []
    this.pageBytes = 0
  }

  /** The position after which the page that follows goes on reading. */
  get reached(): number {
    return this.following?.logged.position ?? 0
  }

  /**
   * Goes on to the next page, once all events have been added to the first: events after
   * {@link reached} are to be added, until it is done.
   */
  turn(limit: number): void {
    this.last = { value: this.value() }
    this.whole = undefined
    this.limit = limit
    this.pageBytes = this.followingBytes
    this.contributions = this.following === undefined ? [] : [this.following]
    this.following = undefined
  }

  /** Adds the next events of the projection's types. Throws what the fold throws. */
  add(events: ReadonlyArray<SizedEvent>): void {
    this.whole?.add(events.map(({ logged: { event } }) => event))
    this.last = this.whole === undefined ? this.last : null
    if (this.isMore) return
    const start = events.findIndex(({ logged: { position } }) => position > this.after)
    let next = start === -1 ? events.length : start
    this.pass(events.slice(0, next))
    while (next < events.length && !this.isMore) this.look(events[next++])
  }

  /** The value with all events, those after the page too; undefined if the document has none. */
  value(): unknown {
    this.last ??= { value: this.valueOf(this.whole ?? this.fold) }
    return this.last.value
  }

  private valueOf(fold: MemoryFold, rows = fold.rowsAt(this.names)): unknown {
    return valueAt(this.projection.section.present(rows, this.context), this.names)
  }

  private valueHere(): unknown {
    const rows = this.fold.rowsAt(this.names)
    // Most events of a user change other rows than those of one value.
    if (this.current === null || !areSame(rows, this.current.rows)) this.current = { value: this.valueOf(this.fold, rows), rows }
    return this.current.value
  }

  private pass(events: ReadonlyArray<SizedEvent>): void {
    if (events.length > 0) this.fold.add(events.map(({ logged: { event } }) => event))
  }

  private look(event: SizedEvent | undefined): void {
    if (event === undefined) return
    const before = this.valueHere() ?? nothing[this.kind]
    this.pass([event])
    const after = this.valueHere() ?? nothing[this.kind]
    if (isSame(before, after)) return
    const contribution = { logged: event.logged, contribution: this.difference(before, after), value: after }
    const isFull = this.contributions.length === this.limit ||
      (this.contributions.length > 0 && this.pageBytes + event.bytes > maxPageBytes)
    if (isFull) {
      this.following = contribution
      this.followingBytes = event.bytes
    } else {
      this.contributions.push(contribution)
      this.pageBytes += event.bytes
    }
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

/** Most bytes of the events of a page, unless the first one alone has more. */
export const maxPageBytes = 4 * 1024 * 1024

const areSame = (rows: ReadonlyArray<ReadRow>, others: ReadonlyArray<ReadRow>): boolean =>
  rows.length === others.length && rows.every((row, index) => row === others[index])

/**
 * What a value that is not there comes to: a currency that appears with a bet has not won 0 by it.
 */
const nothing = { count: 0, amount: "0", other: null } as const

const isSame = (before: unknown, after: unknown): boolean =>
  before === after || (typeof before === "object" && JSON.stringify(before) === JSON.stringify(after))
