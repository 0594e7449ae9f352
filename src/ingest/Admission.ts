import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Settings } from "../platform/Settings.ts"
import { Budget, tenantShare, type Ticket } from "../tenants/Budget.ts"
import type { TenantId } from "../values/TenantId.ts"

export type { Ticket } from "../tenants/Budget.ts"

/**
 * There is more in flight than the service takes on at a time. Nothing of the request was stored;
 * sending it again later is safe.
 */
export class Overloaded extends Schema.TaggedError<Overloaded>("playtally/ingest/Overloaded")("Overloaded", {
  what: Schema.Literals(["events", "bytes"])
}) {}

/**
 * The budget of events and bytes in flight, for the process and for each tenant
 * (docs/architecture.md#admission). Taken whole and before anything else is done for a request, so
 * that a request is either carried through or refused untouched. Both budgets are larger than the
 * largest request, so an idle service never refuses one.
 */
export class Admission extends Context.Service<Admission, {
  readonly events: (tenantId: TenantId, count: number) => Effect.Effect<Ticket, Overloaded>
  readonly bytes: (tenantId: TenantId, count: number) => Effect.Effect<Ticket, Overloaded>
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
