import type { EventOf } from "../../../fasttrack/FastTrackEvent.ts"
import { lowerCase, upperCase } from "../../../values/asciiCase.ts"
import { compareUtf8 } from "../../../values/compareUtf8.ts"
import { compareDecimals } from "../../../values/decimalArithmetic.ts"

/**
 * What there is to remember of a payment, a (direction, payment_id), to know whether it counts, and
 * as what.
 */
interface Payment {
  approved_at: number | null
  approved_amount: string | null
  approved_type: string | null
  approved_currency: string | null
  is_rolled_back: boolean
}

/**
 * Tells a payment of an event about it, in whatever order they come (docs/design.md#payments): of
 * several approved events the least by (timestamp, amount, type) speaks for it, as long as no
 * rollback is known. True if that is now this event.
 */
export const foldApproval = ({ data, occurredAt }: EventOf<"realtime-payment">, payment: Payment): boolean => {
  const status = lowerCase(data.status)
  if (status === "rollback") payment.is_rolled_back = true
  if (status !== "approved") return false
  const type = lowerCase(data.type)
  if (!isLess(occurredAt, data.amount, type, payment.approved_at, payment.approved_amount, payment.approved_type)) return false
  payment.approved_at = occurredAt
  payment.approved_amount = data.amount
  payment.approved_type = type
  payment.approved_currency = upperCase(data.currency)
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
