import type { NewEvent } from "../../../src/event-log/RecordedEvent.ts"
import { sliceOf } from "../../../src/event-log/sliceOf.ts"
import type { FastTrackEvent } from "../../../src/fasttrack/FastTrackEvent.ts"
import { idempotencyKey } from "../../../src/fasttrack/idempotencyKey.ts"
import { encodePayload } from "../../../src/fasttrack/payload.ts"
import type { Tenant } from "../../../src/tenants/Tenant.ts"

/** A bet of one user, named by `uniqueId`. */
export const bet = (userId: string, uniqueId: string, amount = "10"): FastTrackEvent => ({
  event: "realtime-casino",
  userId,
  occurredAt: Date.UTC(2026, 0, 1),
  data: {
    entry_timestamp: null,
    process_timestamp: null,
    unique_id: uniqueId,
    game_id: "game",
    round_id: "round",
    type: "bet",
    amount,
    currency: "EUR",
    bonus_wager_amount: "0"
  }
})

/** An event ready for the log. */
export const newEvent = (tenant: Tenant, event: FastTrackEvent): NewEvent => ({
  slice: sliceOf(tenant.tenantId, event.userId),
  tenantId: tenant.tenantId,
  userId: event.userId,
  idempotencyKey: idempotencyKey(tenant.keyNamespace, event),
  payload: encodePayload(event),
  eventType: event.event,
  occurredAt: event.occurredAt
})

/** A user id of a given slice of a tenant, other than those taken before it. */
export const userInSlice = (tenant: Tenant, slice: number, nth = 0): string => {
  for (let number = 0;; number++) {
    const userId = `user-${number}`
    if (sliceOf(tenant.tenantId, userId) === slice && nth-- === 0) return userId
  }
}
