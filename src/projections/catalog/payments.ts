import { byCurrency } from "../byCurrency.ts"
import { amount, count, decimal, earliest, flag, greatest, latest, text, time } from "../Column.ts"
import { compareUtf8 } from "../compareUtf8.ts"
import { compareDecimals } from "../decimalArithmetic.ts"
import * as Projection from "../Projection.ts"

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

/** FastTrack's own words and those of its other interfaces, lower-cased. Any other type is no payment of ours. */
const directions: ReadonlyMap<string, "deposit" | "withdrawal"> = new Map([
  ["credit", "deposit"],
  ["deposit", "deposit"],
  ["debit", "withdrawal"],
  ["withdrawal", "withdrawal"],
  ["withdraw", "withdrawal"]
])

/**
 * Deposits and withdrawals per currency (design §4). A payment is (direction, payment_id) and goes through several events, which may come in
 * any order: it counts once it was approved, as long as no rollback is known; a rejection or cancellation after the approval changes nothing. If it
 * was approved (or requested) under several of the words for its type, the least event by (timestamp, amount, type) speaks for it.
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
    const direction = directions.get(data.type.toLowerCase())
    return direction === undefined ? [] : [["payments", direction, data.payment_id]]
  },
  fold: ({ data, occurredAt }, { payments }) => {
    const type = data.type.toLowerCase()
    const direction = directions.get(type)
    if (direction === undefined) return
    switch (data.status.toLowerCase()) {
      case "approved": {
        const payment = payments(direction, data.payment_id)
        if (!isLess(occurredAt, data.amount, type, payment.approved_at, payment.approved_amount, payment.approved_type)) return
        payment.approved_at = occurredAt
        payment.approved_amount = data.amount
        payment.approved_type = type
        payment.approved_base_amount = data.base_amount
        payment.approved_currency = data.currency.toUpperCase()
        return
      }
      case "requested": {
        const payment = payments(direction, data.payment_id)
        if (!isLess(occurredAt, data.amount, type, payment.requested_at, payment.requested_amount, payment.requested_type)) return
        payment.requested_at = occurredAt
        payment.requested_amount = data.amount
        payment.requested_type = type
        payment.requested_currency = data.currency.toUpperCase()
        return
      }
      case "rejected":
      case "cancelled":
        payments(direction, data.payment_id).is_refused = true
        return
      case "rollback":
        payments(direction, data.payment_id).is_rolled_back = true
    }
  },
  contributions: {
    payments: (payment) => {
      const { approved_amount: amount, approved_at: at, approved_base_amount: base, approved_currency: currency } = payment
      if (payment.is_rolled_back) return []
      if (amount !== null && at !== null && base !== null && currency !== null) {
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
      const isPending = payment.direction === "deposit" && !payment.is_refused
      return isPending && payment.requested_currency !== null ? [{ currency: payment.requested_currency, pending_deposit_count: 1 }] : []
    }
  },
  section: byCurrency(columns)
})

/** Whether (at, amount, type) is less than the one kept, if one is. */
const isLess = (
  at: number,
  amount: string,
  type: string,
  keptAt: number | null,
  keptAmount: string | null,
  keptType: string | null
): boolean =>
  keptAt === null || keptAmount === null || keptType === null ||
  (at - keptAt || compareDecimals(amount, keptAmount) || compareUtf8(type, keptType)) < 0
