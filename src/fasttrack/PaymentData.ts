import * as Schema from "effect/Schema"
import { Amount, AmountOrZero } from "./Amount.ts"
import { countedWords } from "./countedWords.ts"
import { deliveryTimes } from "./Envelope.ts"
import { Currency, label, Text } from "./Text.ts"
import { textOrInteger } from "./TextOrInteger.ts"

/**
 * realtime-payment: a step in the life of a deposit or withdrawal; the steps of one payment share
 * its `payment_id`.
 */
export const PaymentData = Schema.Struct({
  ...deliveryTimes,
  payment_id: textOrInteger(1, 256, { description: "This field is used for idempotency" }),
  type: label(countedWords["realtime-payment"].type),
  status: label(countedWords["realtime-payment"].status),
  amount: Amount,
  currency: Currency,
  base_amount: AmountOrZero,
  vendor_name: Text
})
export type PaymentData = typeof PaymentData.Type
