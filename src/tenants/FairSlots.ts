import * as Effect from "effect/Effect"
import { known } from "../values/known.ts"
import { TenantId } from "../values/TenantId.ts"
import { tenantShare } from "./Budget.ts"

/** One request's claim on a slot. The caller calls `leave` when the request is over, however. */
export interface Claim {
  /** Waits for a slot. Fails with `full` at once if the tenant's queue is full. */
  readonly take: Effect.Effect<void, "full">
  /** Gives back the slot or the place in the queue. Does nothing if the claim has neither. */
  readonly leave: () => void
}

/**
 * Slots for work that tenants do at the same time.
 *
 * A tenant holds at most its share, and has a queue of its own. Free slots go to the queues in
 * turn, so a tenant with one request never waits behind all requests of another tenant.
 */
export class FairSlots {
  /** Slots in use. */
  taken = 0
  private readonly size: number
  private readonly ofTenant: number
  private readonly queueSize: number
  private readonly held = new Map<string, number>()
  /** The requests that wait, by tenant. The first tenant has waited longest for its turn. */
  private readonly queues = new Map<string, Set<() => void>>()

  constructor(size: number, queueSize: number) {
    this.size = size
    this.ofTenant = Math.max(1, Math.floor(size * tenantShare))
    this.queueSize = queueSize
  }

  /** Requests that wait for a slot. */
  get waiting(): number {
    let waiting = 0
    for (const queue of this.queues.values()) waiting += queue.size
    return waiting
  }

  claim(tenantId: TenantId): Claim {
    let holds = false
    let grant: (() => void) | undefined
    return {
      take: Effect.callback((resume) => {
        if (holds) return resume(Effect.void)
        const queue = this.queues.get(tenantId)
        // A queue has priority: free slots have been granted to the queues that may have them.
        if (queue === undefined && this.taken < this.size && (this.held.get(tenantId) ?? 0) < this.ofTenant) {
          this.change(tenantId, 1)
          holds = true
          return resume(Effect.void)
        }
        if ((queue?.size ?? 0) >= this.queueSize) return resume(Effect.fail("full"))
        grant = () => {
          holds = true
          resume(Effect.void)
        }
        if (queue === undefined) this.queues.set(tenantId, new Set([grant]))
        else queue.add(grant)
      }),
      leave: () => {
        if (holds) {
          holds = false
          this.change(tenantId, -1)
          this.grantNext()
        } else if (grant !== undefined) {
          this.removeWaiting(tenantId, grant)
        }
        grant = undefined
      }
    }
  }

  private grantNext(): void {
    for (const [tenantId, queue] of this.queues) {
      if (this.taken >= this.size) return
      if ((this.held.get(tenantId) ?? 0) >= this.ofTenant) continue
      const grant = known(queue.values().next().value, "request in a queue")
      this.removeWaiting(TenantId(tenantId), grant)
      // Moves behind the other queues, whose turns come first.
      if (queue.size > 0) {
        this.queues.delete(tenantId)
        this.queues.set(tenantId, queue)
      }
      this.change(TenantId(tenantId), 1)
      grant()
      return
    }
  }

  private removeWaiting(tenantId: TenantId, grant: () => void): void {
    const queue = this.queues.get(tenantId)
    if (queue?.delete(grant) === true && queue.size === 0) this.queues.delete(tenantId)
  }

  private change(tenantId: TenantId, by: 1 | -1): void {
    this.taken += by
    const held = (this.held.get(tenantId) ?? 0) + by
    if (held === 0) this.held.delete(tenantId)
    else this.held.set(tenantId, held)
  }
}
