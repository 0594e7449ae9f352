import { amount, type Draw, id } from "./Draw.ts"
import type { FastTrackItem } from "./FastTrackItem.ts"
import { spellInstant } from "./spellings.ts"

const paymentTypes = ["credit", "Credit", "deposit", "DEPOSIT", "debit", "Debit", "withdrawal", "withdraw", "WithDraw"]
const uncountedTypes = ["authorization", "Capture", "void", "credit ", "deposits", "credıt"]
const paymentStatuses = ["requested", "Requested", "approved", "APPROVED", "rejected", "Cancelled", "rollback", "Rollback", "rOLLBACK"]
// The last of these ends in the Kelvin sign, which JavaScript's lower-casing turns into a "k".
const uncountedStatuses = ["canceled", "pending", "approved ", "rolledback", "rollbac\u212a"]

/**
 * The events of one payment_id: a usual path through the statuses, or any mixture of types and
 * statuses.
 */
export const payment = (draw: Draw): ReadonlyArray<FastTrackItem> => {
  const { random } = draw
  const paymentId = id(draw)
  const start = draw.instant()
  const currency = draw.currency()
  const value = amount(draw)
  const event = (type: string, status: string, position: number): FastTrackItem => ({
    event: "realtime-payment",
    data: {
      user_id: draw.userId,
      timestamp: spellInstant(random, random.chance(0.3) ? start : start + position * 60_000),
      payment_id: paymentId,
      type,
      status,
      amount: random.chance(0.8) ? value : amount(draw),
      currency: random.chance(0.9) ? currency : draw.currency(),
      ...random.chance(0.7) ? { base_amount: random.chance(0.2) ? 0 : amount(draw) } : {},
      vendor_name: random.pick(["Visa", "Trustly", "", "Ünïted"])
    }
  })
  if (random.chance(0.6)) {
    const type = random.pick(paymentTypes)
    const path = random.pick([
      ["approved"],
      ["requested"],
      ["requested", "approved"],
      ["Requested", "Rejected"],
      ["requested", "cancelled"],
      ["Requested", "Approved", "Rollback"],
      ["rollback", "approved"],
      ["approved", "rejected"],
      ["requested", "rollback"]
    ])
    return path.map((status, position) => event(type, status, position))
  }
  const types = random.chance(0.7) ? ["credit", "Deposit", "deposit", "CREDIT"] : [...paymentTypes, ...uncountedTypes]
  const statuses = random.chance(0.5) ? ["approved", "Approved", "requested"] : [...paymentStatuses, ...uncountedStatuses]
  return Array.from({ length: 1 + random.below(6) }, (_, position) => event(random.pick(types), random.pick(statuses), position))
}
