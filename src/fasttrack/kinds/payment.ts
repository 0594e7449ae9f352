import { lowerCase } from "../../values/asciiCase.ts"
import { Amount, AmountOrZero } from "../Amount.ts"
import { type CountedWords, plainWords, uncountedAmong } from "../countedWords.ts"
import { eventKind } from "../EventKind.ts"
import { Currency, label, Text } from "../Text.ts"
import { textOrInteger } from "../TextOrInteger.ts"

/** FastTrack's own words for the direction of a payment, and those of its other interfaces. */
const words = {
  type: new Map([
    ["credit", "deposit"],
    ["deposit", "deposit"],
    ["debit", "withdrawal"],
    ["withdrawal", "withdrawal"],
    ["withdraw", "withdrawal"]
  ]),
  status: plainWords("requested", "approved", "rejected", "cancelled", "rollback")
} satisfies CountedWords<"deposit" | "withdrawal", string>

/**
 * A step in the life of a deposit or withdrawal. The steps of one payment share its `payment_id`.
 */
export const payment = eventKind({
  event: "realtime-payment",
  name: "Payment",
  fields: {
    payment_id: textOrInteger(1, 256, { description: "This field is used for idempotency" }),
    type: label([...words.type.keys()]),
    status: label([...words.status.keys()]),
    amount: Amount,
    currency: Currency,
    base_amount: AmountOrZero,
    vendor_name: Text
  },
  idField: "payment_id",
  identity: ["type", "status", "payment_id"],
  caseInsensitive: ["type", "status"],
  uncountedWord: (data) => uncountedAmong(words, data),
  summary: ({ amount, currency, status, type }) => `payment ${type} ${status} ${amount} ${currency}`,
  described: {
    item: "FastTrack: Withdrawals or deposits",
    data: "FastTrack Payment Event Data",
    example: {
      payment_id: "p-1",
      type: "credit",
      status: "approved",
      amount: 50,
      currency: "EUR",
      base_amount: 50,
      vendor_name: "vendor-1"
    }
  }
})
export type PaymentData = typeof payment.data.Type

/**
 * Which way the money of a payment goes, and the step it has come to; undefined if its type or
 * status is none of those that count.
 */
export const paymentStep = ({ status, type }: PaymentData) => {
  const direction = words.type.get(lowerCase(type))
  const step = words.status.get(lowerCase(status))
  return direction === undefined || step === undefined ? undefined : { direction, status: step }
}
