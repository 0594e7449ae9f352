import type { EventOf } from "../../fasttrack/FastTrackEvent.ts"
import type { PaymentData } from "../../fasttrack/PaymentData.ts"
import { compareUtf8 } from "../compareUtf8.ts"
import { compareDecimals } from "../decimalArithmetic.ts"

/** FastTrack's own words and those of its other interfaces, lower-cased. Any other type is no payment of ours. */
const directions: ReadonlyMap<string, "deposit" | "withdrawal"> = new Map([
  ["credit", "deposit"],
  ["deposit", "deposit"],
  ["debit", "withdrawal"],
  ["withdrawal", "withdrawal"],
  ["withdraw", "withdrawal"]
])

/** Which way an event's money goes, if it is a payment, and what the event says of it. */
export const paymentStep = ({ status, type }: PaymentData) => {
  const direction = directions.get(type.toLowerCase())
  return direction === undefined ? undefined : { direction, status: status.toLowerCase() }
}

/** What there is to remember of a payment, a (direction, payment_id), to know whether it counts, and as what. */
interface Payment {
  approved_at: number | null
  approved_amount: string | null
  approved_type: string | null
  approved_currency: string | null
  is_rolled_back: boolean
}

/**
 * Tells a payment of an event about it, in whatever order they come (design §4): of several approved events the least by (timestamp, amount, type)
 * speaks for it, as long as no rollback is known. True if that is now this event.
 */
export const foldApproval = ({ data, occurredAt }: EventOf<"realtime-payment">, payment: Payment): boolean => {
  const status = data.status.toLowerCase()
  if (status === "rollback") payment.is_rolled_back = true
  if (status !== "approved") return false
  const type = data.type.toLowerCase()
  if (!isLess(occurredAt, data.amount, type, payment.approved_at, payment.approved_amount, payment.approved_type)) return false
  payment.approved_at = occurredAt
  payment.approved_amount = data.amount
  payment.approved_type = type
  payment.approved_currency = data.currency.toUpperCase()
  return true
}

/** What a payment counts as; nothing unless it was approved and not rolled back. */
export const approvedPayment = (
  { approved_amount: amount, approved_at: at, approved_currency: currency, is_rolled_back }: Readonly<Payment>
) => is_rolled_back || amount === null || at === null || currency === null ? undefined : { amount, at, currency }

/** Whether (at, amount, type) is less than the one kept, if one is. */
export const isLess = (
  at: number,
  amount: string,
  type: string,
  keptAt: number | null,
  keptAmount: string | null,
  keptType: string | null
): boolean =>
  keptAt === null || keptAmount === null || keptType === null ||
  (at - keptAt || compareDecimals(amount, keptAmount) || compareUtf8(type, keptType)) < 0
