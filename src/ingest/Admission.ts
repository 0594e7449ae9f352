import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Settings } from "../Settings.ts"

/** There is more in flight than the service takes on at a time. Nothing of the request was stored; sending it again later is safe. */
export class Overloaded extends Schema.TaggedError<Overloaded>("playtally/ingest/Overloaded")("Overloaded", {
  what: Schema.Literals(["events", "bytes"])
}) {}

/** A ticket for events and bytes in flight; given back once, whatever happens. */
export interface Ticket {
  readonly release: () => void
}

/**
 * The budget of events and bytes in flight, for the process and for each tenant (design §1). Taken whole and before anything else is done for a
 * request, so that a request is either carried through or refused untouched. Both budgets are larger than the largest request, so an idle service
 * never refuses one.
 */
export class Admission extends Context.Service<Admission, {
  readonly events: (tenantId: string, count: number) => Effect.Effect<Ticket, Overloaded>
  readonly bytes: (tenantId: string, count: number) => Effect.Effect<Ticket, Overloaded>
  readonly inFlight: () => { readonly events: number; readonly bytes: number }
}>()("playtally/ingest/Admission") {
  static readonly layer = Layer.effect(
    Admission,
    Effect.gen(function*() {
      const { limits } = yield* Settings
      const events = new Budget("events", Math.max(limits.eventsInFlight, limits.itemsPerRequest / tenantShare))
      const bytes = new Budget("bytes", Math.max(limits.bytesInFlight, limits.bytesPerRequest / tenantShare))
      return Admission.of({
        events: (tenantId, count) => events.take(tenantId, count),
        bytes: (tenantId, count) => bytes.take(tenantId, count),
        inFlight: () => ({ events: events.taken, bytes: bytes.taken })
      })
    })
  )
}

/** A tenant may take three quarters of what the process has, so that one cannot shut the others out. */
const tenantShare = 0.75

class Budget {
  taken = 0
  private readonly byTenant = new Map<string, number>()
  private readonly what: "events" | "bytes"
  private readonly size: number

  constructor(what: "events" | "bytes", size: number) {
    this.what = what
    this.size = size
  }

  take(tenantId: string, count: number): Effect.Effect<Ticket, Overloaded> {
    return Effect.suspend(() => {
      const tenant = this.byTenant.get(tenantId) ?? 0
      if (this.taken + count > this.size || tenant + count > this.size * tenantShare) {
        return Effect.fail(new Overloaded({ what: this.what }))
      }
      this.add(tenantId, count)
      let held = true
      return Effect.succeed({
        release: () => {
          if (held) this.add(tenantId, -count)
          held = false
        }
      })
    })
  }

  private add(tenantId: string, count: number): void {
    this.taken += count
    const tenant = (this.byTenant.get(tenantId) ?? 0) + count
    if (tenant === 0) this.byTenant.delete(tenantId)
    else this.byTenant.set(tenantId, tenant)
  }
}
