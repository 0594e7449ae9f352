import type { NewEvent } from "../../../src/event-log/RecordedEvent.ts"
import { sliceOf } from "../../../src/event-log/sliceOf.ts"
import type { FastTrackEvent } from "../../../src/fasttrack/FastTrackEvent.ts"
import { idempotencyKey } from "../../../src/fasttrack/idempotencyKey.ts"
import { encodePayload } from "../../../src/fasttrack/payload.ts"
import type { Tenant } from "../../../src/tenants/Tenant.ts"
import { UserId } from "../../../src/values/UserId.ts"

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
    if (sliceOf(tenant.tenantId, UserId(userId)) === slice && nth-- === 0) return userId
  }
}
