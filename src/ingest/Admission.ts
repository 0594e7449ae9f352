import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Settings } from "../platform/Settings.ts"
import { Budget, tenantShare, type Ticket } from "../tenants/Budget.ts"
import type { TenantId } from "../values/TenantId.ts"

export type { Ticket } from "../tenants/Budget.ts"

/**
 * The budget of the process, or the tenant's share of it, has no room for the request.
 *
 * Nothing of the request was stored. Sending it again later is safe.
 */
export class Overloaded extends Schema.TaggedError<Overloaded>("playtally/ingest/Overloaded")("Overloaded", {
  what: Schema.Literals(["events", "bytes"])
}) {}

/**
 * The budgets of events and bytes in flight (docs/architecture.md#admission).
 *
 * A request takes what it needs whole and in advance, so it is either carried through or refused
 * untouched. A tenant has at most its share of each budget. That share has room for the largest
 * request, so an idle service never refuses one.
 */
export class Admission extends Context.Service<Admission, {
  /**
   * Takes a part of the budget of events until the ticket is released.
   *
   * It never waits. `Overloaded`: the process or the tenant has no room for so much.
   */
  readonly events: (tenantId: TenantId, count: number) => Effect.Effect<Ticket, Overloaded>
  /** Takes a part of the budget of bytes, on the terms of {@link events}. */
  readonly bytes: (tenantId: TenantId, count: number) => Effect.Effect<Ticket, Overloaded>
  /** What all tenants hold of both budgets at this moment. */
  readonly inFlight: () => { readonly events: number; readonly bytes: number }
}>()("playtally/ingest/Admission") {
  static readonly layer = Layer.effect(
    Admission,
    Effect.gen(function*() {
      const { limits } = yield* Settings
      const events = new Budget(Math.max(limits.eventsInFlight, limits.itemsPerRequest / tenantShare))
      const bytes = new Budget(Math.max(limits.bytesInFlight, limits.bytesPerRequest / tenantShare))
      const take = (what: "events" | "bytes", budget: Budget) => (tenantId: TenantId, count: number) =>
        Effect.suspend(() => {
          const ticket = budget.take(tenantId, count)
          return ticket === undefined ? Effect.fail(new Overloaded({ what })) : Effect.succeed(ticket)
        })
      return Admission.of({
        events: take("events", events),
        bytes: take("bytes", bytes),
        inFlight: () => ({ events: events.taken, bytes: bytes.taken })
      })
    })
  )
}
