import type { EventOf } from "../../../fasttrack/FastTrackEvent.ts"
import { lowerCase, upperCase } from "../../../values/asciiCase.ts"
import { compareUtf8 } from "../../../values/compareUtf8.ts"
import { compareDecimals } from "../../../values/decimalArithmetic.ts"

/**
 * What a fold remembers of a payment, a (direction, payment_id), to know whether and as what it
 * counts.
 */
interface Payment {
  approved_at: number | null
  approved_amount: string | null
  approved_type: string | null
  approved_currency: string | null
  is_rolled_back: boolean
}

/**
 * Folds an event into its payment, in whatever order events come (docs/design.md#payments).
 *
 * Of several approved events the least by (timestamp, amount, type) counts, as long as no rollback
 * is known. True if that is now this event.
 */
export const foldApproval = ({ data, occurredAt }: EventOf<"realtime-payment">, payment: Payment): boolean => {
  const status = lowerCase(data.status)
  if (status === "rollback") payment.is_rolled_back = true
  if (status !== "approved") return false
  const type = lowerCase(data.type)
  const kept = { at: payment.approved_at, amount: payment.approved_amount, type: payment.approved_type }
  if (!isLess({ at: occurredAt, amount: data.amount, type }, kept)) return false
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

/** Whether an event is less by (at, amount, type) than the one kept, if one is. */
export const isLess = (
  { amount, at, type }: { readonly at: number; readonly amount: string; readonly type: string },
  kept: { readonly at: number | null; readonly amount: string | null; readonly type: string | null }
): boolean =>
  kept.at === null || kept.amount === null || kept.type === null ||
  (at - kept.at || compareDecimals(amount, kept.amount) || compareUtf8(type, kept.type)) < 0
