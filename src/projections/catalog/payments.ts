import { paymentStep } from "../../fasttrack/kinds/payment.ts"
import { lowerCase, upperCase } from "../../values/asciiCase.ts"
import { byCurrency } from "../projection/byCurrency.ts"
import { amount, count, decimal, earliest, flag, greatest, latest, text, time } from "../projection/Column.ts"
import * as Projection from "../projection/Projection.ts"
import { approvedPayment, foldApproval, isLess } from "./rules/approvedPayment.ts"

const columns = {
  deposit_count: { ...count, description: "Deposits that were approved and not rolled back" },
  deposit_amount: amount,
  deposit_base_amount: { ...amount, description: "In the brand's one base currency; a deposit without it adds 0" },
  biggest_deposit: { ...greatest, description: "0 without one" },
  first_deposit_at: { ...earliest, description: "When it was approved" },
  last_deposit_at: { ...latest, description: "When it was approved" },
  withdrawal_count: { ...count, description: "Withdrawals that were approved and not rolled back" },
  withdrawal_amount: amount,
  withdrawal_base_amount: { ...amount, description: "In the brand's one base currency; a withdrawal without it adds 0" },
  biggest_withdrawal: { ...greatest, description: "0 without one" },
  first_withdrawal_at: { ...earliest, description: "When it was approved" },
  last_withdrawal_at: { ...latest, description: "When it was approved" },
  pending_deposit_count: { ...count, description: "Deposits that were requested and neither approved, rejected, cancelled nor rolled back" }
}

/**
 * Deposits and withdrawals per currency (docs/design.md#payments).
 *
 * A payment is (direction, payment_id) and goes through several events, which may come in any
 * order. It counts once it was approved, as long as no rollback is known. A rejection or
 * cancellation after the approval changes nothing. If a payment was approved (or requested) under
 * several of the words for its type, the least event by (timestamp, amount, type) counts.
 */
export const payments = Projection.make({
  name: "payments",
  version: 1,
  events: ["realtime-payment"],
  totals: { key: ["currency"], columns },
  entities: {
    payments: {
      key: ["direction", "payment_id"],
      columns: {
        approved_at: time,
        approved_amount: decimal,
        approved_type: text,
        approved_base_amount: decimal,
        approved_currency: text,
        requested_at: time,
        requested_amount: decimal,
        requested_type: text,
        requested_currency: text,
        /** Rejected or cancelled. */
        is_refused: flag,
        is_rolled_back: flag
      }
    }
  },
  keys: ({ data }) => {
    const step = paymentStep(data)
    return step === undefined ? [] : [["payments", step.direction, data.payment_id]]
  },
  fold: (event, { payments }) => {
    const { data, occurredAt } = event
    const step = paymentStep(data)
    if (step === undefined) return
    const type = lowerCase(data.type)
    switch (step.status) {
      case "approved":
      case "rollback": {
        const payment = payments(step.direction, data.payment_id)
        if (foldApproval(event, payment)) payment.approved_base_amount = data.base_amount
        return
      }
      case "requested": {
        const payment = payments(step.direction, data.payment_id)
        const kept = { at: payment.requested_at, amount: payment.requested_amount, type: payment.requested_type }
        if (!isLess({ at: occurredAt, amount: data.amount, type }, kept)) return
        payment.requested_at = occurredAt
        payment.requested_amount = data.amount
        payment.requested_type = type
        payment.requested_currency = upperCase(data.currency)
        return
      }
      case "rejected":
      case "cancelled":
        payments(step.direction, data.payment_id).is_refused = true
    }
  },
  contributions: {
    payments: (payment) => {
      const approved = approvedPayment(payment)
      const base = payment.approved_base_amount
      if (approved !== undefined && base !== null) {
        const { amount, at, currency } = approved
        return payment.direction === "deposit"
          ? [{
            currency,
            deposit_count: 1,
            deposit_amount: amount,
            deposit_base_amount: base,
            biggest_deposit: amount,
            first_deposit_at: at,
            last_deposit_at: at
          }]
          : [{
            currency,
            withdrawal_count: 1,
            withdrawal_amount: amount,
            withdrawal_base_amount: base,
            biggest_withdrawal: amount,
            first_withdrawal_at: at,
            last_withdrawal_at: at
          }]
      }
      const isPending = payment.direction === "deposit" && !payment.is_refused && !payment.is_rolled_back
      return isPending && payment.requested_currency !== null ? [{ currency: payment.requested_currency, pending_deposit_count: 1 }] : []
    }
  },
  section: byCurrency(columns)
})
