import type { RecordedEvent } from "../../event-log/RecordedEvent.ts"
import { MemoryFold } from "../../projections/fold/MemoryFold.ts"
import type { ReadContext } from "../../projections/projection/FoldContext.ts"
import type { AnyProjection } from "../../projections/projection/Projection.ts"
import type { ReadRow } from "../../projections/projection/Section.ts"
import { valueAt, type ValueKind } from "./counterPath.ts"
import { differenceOf, isSame, nothing } from "./valueChange.ts"

/** An event, and roughly how many bytes of a page it takes. */
export interface SizedEvent {
  readonly logged: RecordedEvent
  readonly bytes: number
}

/** An event that changed a value: by how much, and to what. */
export interface ContributingEvent {
  readonly logged: RecordedEvent
  /**
   * The difference: a number for a count, canonical decimal text for an amount.
   *
   * For any other value it is the value itself.
   */
  readonly contribution: unknown
  /** The value with this event and all before it. A number that the document does not have is 0. */
  readonly value: unknown
}

/**
 * How one value of a section came about.
 *
 * It adds a user's events in order of position, and keeps those that changed the value. It keeps up
 * to `limit` events after the position `after`, and {@link maxPageBytes} of events. A missing
 * number counts as 0. Values that depend on the present are as of `context.now` throughout, so the
 * history ends with the value of the document.
 *
 * The first page needs all events, for the final value. After it, {@link turn} only needs the
 * events that the next page shows.
 */
export class PathHistory {
  contributions: Array<ContributingEvent> = []
  /** Folds the events of the page, those before, and the one after it if there is one. */
  private readonly fold: MemoryFold
  /** Folds all events, until their value is known. */
  private whole: MemoryFold | undefined
  /** The first event that changed the value and was not kept. */
  private following: ContributingEvent | undefined
  private readonly names: ReadonlyArray<string>
  private readonly kind: ValueKind
  private readonly context: ReadContext
  private readonly after: number
  private limit: number
  private readonly projection: AnyProjection
  /** The value of the fold, and the rows that it comes from; null while nobody asks. */
  private current: { readonly value: unknown; readonly rows: ReadonlyArray<ReadRow> } | null = null
  /** Bytes of the events of the page. */
  private pageBytes = 0
  /** Bytes of the event that follows it. */
  private followingBytes = 0
  private last: { readonly value: unknown } | null = null

  constructor(
    projection: AnyProjection,
    context: ReadContext,
    { after, kind, limit, names }: {
      readonly names: ReadonlyArray<string>
      readonly kind: ValueKind
      readonly after: number
      readonly limit: number
    }
  ) {
    this.projection = projection
    this.fold = new MemoryFold(projection, context)
    this.whole = new MemoryFold(projection, context)
    this.names = names
    this.kind = kind
    this.context = context
    this.after = after
    this.limit = limit
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
   * The bytes of memory of the rows and of the page's events, roughly.
   *
   * A parsed event takes some times the bytes of its text.
   */
  get bytes(): number {
    return this.fold.bytes + (this.whole?.bytes ?? 0) + 4 * (this.pageBytes + this.followingBytes)
  }

  /** Removes the answered page. Until the next {@link turn}, only what follows is needed. */
  letGo(): void {
    this.contributions = []
    this.pageBytes = 0
  }

  /** The position after which the next page goes on reading. */
  get reached(): number {
    return this.following?.logged.position ?? 0
  }

  /**
   * Goes on to the next page, once the first page has all events.
   *
   * The caller then adds the events after {@link reached}, until it is done.
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

  /** The value with all events, also those after the page; undefined if the document has none. */
  value(): unknown {
    this.last ??= { value: this.valueOf(this.whole ?? this.fold) }
    return this.last.value
  }

  private valueOf(fold: MemoryFold, rows = fold.rowsAt(this.names)): unknown {
    return valueAt(this.projection.section.present(rows, this.context), this.names)
  }

  private valueHere(): unknown {
    const rows = this.fold.rowsAt(this.names)
    // Most events of a user do not change the rows of this value.
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
    const contribution = { logged: event.logged, contribution: differenceOf(this.kind, before, after), value: after }
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
}

/** The most bytes of the events of a page, unless its first event alone has more. */
export const maxPageBytes = 4 * 1024 * 1024

const areSame = (rows: ReadonlyArray<ReadRow>, others: ReadonlyArray<ReadRow>): boolean =>
  rows.length === others.length && rows.every((row, index) => row === others[index])
