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
 */
export class PathHistory {
  readonly contributions: Array<Contribution> = []
  /** Whether more events changed the value than were kept. */
  isMore = false
  private readonly fold: MemoryFold
  private readonly names: ReadonlyArray<string>
  private readonly kind: ValueKind
  private readonly context: ReadContext
  private readonly after: number
  private readonly limit: number
  /** The value with all events so far; unknown (null) while nobody looks. */
  private current: { readonly value: unknown } | null = null

  constructor(
    projection: AnyProjection,
    path: { readonly names: ReadonlyArray<string>; readonly kind: ValueKind },
    context: ReadContext,
    page: { readonly after: number; readonly limit: number }
  ) {
    this.fold = new MemoryFold(projection, context)
    this.names = path.names
    this.kind = path.kind
    this.context = context
    this.after = page.after
    this.limit = page.limit
  }

  /** Adds the next events of the projection's types. Throws what the fold throws. */
  add(events: ReadonlyArray<LoggedEvent>): void {
    const start = events.findIndex(({ position }) => position > this.after)
    let next = start === -1 ? events.length : start
    this.pass(events.slice(0, next))
    while (next < events.length && !this.isMore) this.look(events[next++])
    this.pass(events.slice(next))
  }

  /** The value with all events so far, undefined if the document has none. */
  value(): unknown {
    this.current ??= { value: valueAt(this.fold.section(this.context), this.names) }
    return this.current.value
  }

  private pass(events: ReadonlyArray<LoggedEvent>): void {
    if (events.length === 0) return
    this.fold.add(events.map(({ event }) => event))
    this.current = null
  }

  private look(logged: LoggedEvent | undefined): void {
    if (logged === undefined) return
    const before = this.value() ?? nothing[this.kind]
    this.pass([logged])
    const after = this.value() ?? nothing[this.kind]
    if (isSame(before, after)) return
    if (this.contributions.length === this.limit) this.isMore = true
    else this.contributions.push({ logged, contribution: this.difference(before, after), value: after })
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
