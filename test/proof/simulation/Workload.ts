import * as Result from "effect/Result"
import { sliceOf } from "../../../src/event-log/sliceOf.ts"
import { decodeItem } from "../../../src/fasttrack/decodeItem.ts"
import { idempotencyKey } from "../../../src/fasttrack/idempotencyKey.ts"
import { parseJson } from "../../../src/fasttrack/parseJson.ts"
import { encodePayload } from "../../../src/fasttrack/payload.ts"
import type { Tenant } from "../../../src/tenants/Tenant.ts"
import { UserId } from "../../../src/values/UserId.ts"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import type { Random } from "../../oracle/random.ts"
import { userInSlice } from "../../support/events/newEvent.ts"
import { someTenant } from "../../support/events/someTenant.ts"

export const tenant: Tenant = { ...someTenant, name: "simulated" }

/** Two users share a slice, and of the two lanes, each writes some. */
export const userIds = [userInSlice(tenant, 10), userInSlice(tenant, 10, 1), userInSlice(tenant, 11), userInSlice(tenant, 12)]

export const slices = [...new Set(userIds.map((userId) => sliceOf(tenant.tenantId, UserId(userId))))]

/** Games that park whoever plays them. */
export const poisons: ReadonlyArray<string> = ["poison", "unstorable"]

/** An item that may be sent, and what the log would hold of it. */
export interface Sent {
  readonly item: FastTrackItem
  readonly slice: number
  readonly key: string
  readonly payload: string
  readonly occurredAt: number
  /** Equal for items of one key that say the same. */
  readonly content: string
}

/**
 * What one sender sends in one request, again and again until it is answered; undefined stands for
 * an item that is invalid.
 */
export type Request = ReadonlyArray<Sent | undefined>

export interface Workload {
  /**
   * Somebody is erased if there are any of these: the last requests, which repeat what was sent
   * before and come after that.
   */
  readonly last: number
  readonly requests: ReadonlyArray<Request>
  readonly users: ReadonlyArray<string>
}

export const invalidItem = { event: "realtime-login", data: { user_id: "", unique_id: "x", timestamp: "2026-06-01T00:00:00Z" } }

const sent = (item: FastTrackItem, content: string): Sent => {
  const event = Result.getOrThrow(decodeItem(parseJson(JSON.stringify(item))))
  return {
    item,
    slice: sliceOf(tenant.tenantId, event.userId),
    key: idempotencyKey(tenant.keyNamespace, event),
    payload: encodePayload(event),
    occurredAt: event.occurredAt,
    content
  }
}

/**
 * Requests that overlap: the same items in several of them, with other delivery times, or with
 * other content.
 */
export const drawWorkload = (random: Random): Workload => {
  const users = userIds.slice(0, 1 + random.below(userIds.length))
  const isPoisoned = random.chance(0.25)
  const pool = Array.from({ length: 3 + random.below(10) }, (_, number): FastTrackItem => {
    const user_id = random.pick(users)
    const timestamp = `2026-06-0${1 + random.below(9)}T12:00:00Z`
    return random.chance(0.5)
      ? {
        event: "realtime-payment",
        data: {
          user_id,
          timestamp,
          payment_id: `payment-${random.below(3)}`,
          type: random.pick(["credit", "debit"]),
          status: random.pick(["requested", "approved", "rollback"]),
          amount: 1 + random.below(3),
          currency: "EUR",
          vendor_name: "V"
        }
      }
      : {
        event: "realtime-casino",
        data: {
          user_id,
          timestamp,
          unique_id: `bet-${number}`,
          game_id: isPoisoned && random.chance(0.4) ? random.pick(poisons) : random.pick(["dice", "slots"]),
          round_id: "round",
          type: "bet",
          amount: 1 + random.below(3),
          currency: "EUR",
          bonus_wager_amount: 0
        }
      }
  })
  const draw = (): Sent | undefined => {
    if (random.chance(0.03)) return undefined
    const chosen = random.pick(pool)
    // The compiler forgets in a copy that `data` is the data of `event`.
    const other = random.chance(0.1) ? { ...chosen, data: { ...chosen.data, amount: 7 } } as FastTrackItem : chosen
    const again = random.chance(0.2)
      ? { ...other, data: { ...other.data, entry_timestamp: "2026-06-11T00:00:00Z" } } as FastTrackItem
      : other
    return sent(again, JSON.stringify(other))
  }
  const requests = Array.from({ length: 2 + random.below(6) }, () => Array.from({ length: 1 + random.below(5) }, draw))
  const again = random.chance(0.25) ? [random.pick(requests), random.pick(requests)] : []
  return { requests: [...requests, ...again], last: again.length, users }
}
