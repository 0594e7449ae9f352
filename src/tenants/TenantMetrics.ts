import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { Settings } from "../platform/Settings.ts"
import type { Tenant } from "./Tenant.ts"

/** What became of the items of a batch. */
export interface TenantEvents {
  readonly accepted: number
  readonly duplicate: number
  readonly rejected: number
}

/**
 * The most tenants with numbers of their own. Each has four time series, which a monitoring system
 * keeps for good.
 */
export const mostTenants = 50

const counterOf = (name: string, description: string) => Metric.counter(name, { description, incremental: true })
const requests = counterOf("playtally_tenant_requests_total", "Requests with a valid key, by tenant")
const events = counterOf("playtally_tenant_events_total", "Items taken in or refused, by tenant and outcome")

const countersOf = (labels: { readonly tenant?: string }) => {
  const own = Metric.withAttributes(events, labels)
  return {
    requests: Metric.withAttributes(requests, labels),
    accepted: Metric.withAttributes(own, { outcome: "accepted" }),
    duplicate: Metric.withAttributes(own, { outcome: "duplicate" }),
    rejected: Metric.withAttributes(own, { outcome: "rejected" })
  }
}

/**
 * Counts what each tenant does, for `/metrics`.
 *
 * It does nothing unless `METRICS_TENANTS` is set: `/metrics` is open to everybody who reaches the
 * service, and the names of tenants are tenants' data (docs/metrics.md#by-tenant).
 */
export const TenantMetrics = Context.Reference<{
  /** Counts a request with a valid key. */
  readonly request: (tenant: Tenant) => Effect.Effect<void>
  /** Counts the items of a batch that was answered. */
  readonly events: (tenant: Tenant, counts: TenantEvents) => Effect.Effect<void>
}>("playtally/tenants/TenantMetrics", { defaultValue: () => ({ request: () => Effect.void, events: () => Effect.void }) })

/**
 * {@link TenantMetrics} as the settings have them.
 *
 * The first `mostTenants` tenants that this process hears of have numbers of their own, by name.
 * The later ones share series without the label `tenant`.
 */
export const layerTenantMetrics = Layer.effectContext(
  Effect.map(Settings, ({ metricsTenants }) => {
    if (!metricsTenants) return Context.empty()
    const shown = new Map<string, ReturnType<typeof countersOf>>()
    const others = countersOf({})
    const of = ({ name, tenantId }: Tenant) => {
      const known = shown.get(tenantId)
      if (known !== undefined) return known
      if (shown.size >= mostTenants) return others
      const counters = countersOf({ tenant: name })
      shown.set(tenantId, counters)
      return counters
    }
    return Context.make(TenantMetrics, {
      request: (tenant) => Metric.update(of(tenant).requests, 1),
      events: (tenant, { accepted, duplicate, rejected }) => {
        const counters = of(tenant)
        return Effect.all([
          Metric.update(counters.accepted, accepted),
          Metric.update(counters.duplicate, duplicate),
          Metric.update(counters.rejected, rejected)
        ], { discard: true })
      }
    })
  })
)
