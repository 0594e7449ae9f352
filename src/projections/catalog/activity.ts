import * as Schema from "effect/Schema"
import { paymentStep } from "../../fasttrack/kinds/payment.ts"
import { sportsStep } from "../../fasttrack/kinds/sportsBet.ts"
import { compareUtf8 } from "../../values/compareUtf8.ts"
import { formatDay } from "../../values/dayRuns.ts"
import { isPositive } from "../../values/decimalArithmetic.ts"
import { Count, Decimal } from "../../values/jsonValues.ts"
import { amount, count, decimal, flag, text, time } from "../projection/Column.ts"
import { totalKinds } from "../projection/columns/totalKinds.ts"
import * as Projection from "../projection/Projection.ts"
import { casinoFigures } from "./casino.ts"
import { gameRoundFigures } from "./gameRounds.ts"
import { approvedPayment, foldApproval } from "./rules/approvedPayment.ts"
import { countedTicket, foldTicket } from "./rules/sportsTicket.ts"

const columns = {
  bet_count: count,
  bet_amount: amount,
  win_count: count,
  win_amount: amount,
  rolled_back_bet_count: count,
  rolled_back_bet_amount: amount,
  rolled_back_win_count: count,
  rolled_back_win_amount: amount,
  deposit_count: count,
  deposit_amount: amount,
  withdrawal_count: count,
  withdrawal_amount: amount,
  login_count: count
}
type Column = keyof typeof columns

/**
 * The products and what each has of the {@link activity}, with what it is. Over all dates a field
 * comes to the number of the counters named in brackets (docs/design.md#daily-activity), or to the
 * one of its own name.
 */
export const activityFields = {
  casino: {
    bet_count: "Bets",
    bet_amount: "Gross: whatever is rolled back stays in it",
    win_count: "Wins of more than 0",
    win_amount: "Gross: whatever is rolled back stays in it",
    rolled_back_bet_count: "On the date of the rollback",
    rolled_back_bet_amount: "On the date of the rollback",
    rolled_back_win_count: "On the date of the rollback",
    rolled_back_win_amount: "On the date of the rollback"
  },
  game_rounds: {
    bet_count: "Rounds (round_count)",
    bet_amount: "Their bets",
    win_count: "Rounds that won more than 0 (won_round_count)",
    win_amount: "What rounds won"
  },
  logins: { login_count: "Logins" },
  payments: {
    deposit_count: "Deposits that were approved and not rolled back, on the date of the approval",
    deposit_amount: "Their amounts",
    withdrawal_count: "Withdrawals that were approved and not rolled back, on the date of the approval",
    withdrawal_amount: "Their amounts"
  },
  sports: {
    bet_count: "Bets that were approved and not rolled back",
    bet_amount: "Their stakes",
    win_count: "Settlements that were approved and not rolled back and return more than 0, on the date of the settlement",
    win_amount: "What settlements return, on their dates (return_amount)"
  }
} as const satisfies Record<string, { readonly [C in Column]?: string }>

/**
 * What a user's activity is told apart by: products are never mixed, for FastTrack makes game
 * rounds of the same play as casino events (docs/design.md#daily-activity).
 */
export type Product = keyof typeof activityFields

/**
 * A user's activity of one date, product and currency; logins have no currency. `figures` are
 * counts and canonical decimals under the product's names.
 */
export interface DailyActivity {
  /** `YYYY-MM-DD` in the tenant's zone. */
  readonly date: string
  readonly product: Product
  readonly currency: string | null
  readonly figures: Readonly<Record<string, number | string>>
}

/** The fields of a product, for the API's description. */
export const activityFigures = (product: Product): Record<string, Schema.Codec<number, number> | Schema.Codec<string, string>> =>
  Object.fromEntries(
    Object.entries(activityFields[product]).map(([name, description]) => [
      name,
      totalKinds[columns[name as Column].kind].document.schema.annotateKey({ description })
    ])
  )

/**
 * A user's day: what was bet, won, rolled back, paid in and out per product and currency, and the
 * logins (docs/design.md#daily-activity). Casino, game rounds and logins count on their own dates,
 * each event for itself. Payments and sports follow the same life cycles as the counters: a
 * rollback takes what it reverses from the date on which it counted. A row is there if anything in
 * it was counted: a casino loss alone, or a settlement of exactly 0, is nothing.
 */
export const activity = Projection.make({
  name: "activity",
  version: 2,
  events: ["realtime-casino", "realtime-gameround", "realtime-payment", "realtime-sports-bet", "realtime-login"],
  totals: { key: ["date", "product", "currency"], columns },
  contribute: (event, { calendar }) => {
    const date = formatDay(calendar.day(event.occurredAt))
    switch (event.event) {
      case "realtime-casino": {
        const figures = casinoFigures(event)
        return figures.loss_count === undefined ? [{ ...figures, date, product: "casino" }] : []
      }
      case "realtime-gameround": {
        const { bet_amount, currency, round_count: bet_count, win_amount, won_round_count: win_count } = gameRoundFigures(event)
        return [{ date, product: "game_rounds", currency, bet_count, bet_amount, win_count, win_amount }]
      }
      case "realtime-login":
        return [{ date, product: "logins", currency: "", login_count: 1 }]
      default:
        return []
    }
  },
  entities: {
    payments: {
      key: ["direction", "payment_id"],
      columns: {
        approved_at: time,
        approved_amount: decimal,
        approved_type: text,
        approved_currency: text,
        date: text,
        is_rolled_back: flag
      }
    },
    sports: {
      key: ["type", "activity_id"],
      columns: { date: text, amount: decimal, currency: text, is_rolled_back: flag }
    }
  },
  keys: (event) => {
    if (event.event === "realtime-payment") {
      const step = approvalStep(event.data)
      return step === undefined ? [] : [["payments", step.direction, event.data.payment_id]]
    }
    const step = event.event === "realtime-sports-bet" ? sportsStep(event.data) : undefined
    return event.event !== "realtime-sports-bet" || step === undefined ? [] : [["sports", step.kind, event.data.activity_id]]
  },
  fold: (event, { payments, sports }, { calendar }) => {
    const date = () => formatDay(calendar.day(event.occurredAt))
    if (event.event === "realtime-payment") {
      const step = approvalStep(event.data)
      if (step === undefined) return
      const payment = payments(step.direction, event.data.payment_id)
      if (foldApproval(event, payment)) payment.date = date()
    } else if (event.event === "realtime-sports-bet") {
      const step = sportsStep(event.data)
      if (step === undefined) return
      const ticket = sports(step.kind, event.data.activity_id)
      foldTicket(event, ticket)
      if (step.status === "approved") ticket.date = date()
    }
  },
  contributions: {
    payments: (payment) => {
      const approved = approvedPayment(payment)
      if (approved === undefined || payment.date === null) return []
      const { amount, currency } = approved
      const key = { date: payment.date, product: "payments", currency }
      return payment.direction === "deposit"
        ? [{ ...key, deposit_count: 1, deposit_amount: amount }]
        : [{ ...key, withdrawal_count: 1, withdrawal_amount: amount }]
    },
    sports: (ticket) => {
      const counted = countedTicket(ticket)
      if (counted === undefined || ticket.date === null) return []
      const { amount, currency } = counted
      const key = { date: ticket.date, product: "sports", currency }
      if (ticket.type === "bet") return [{ ...key, bet_count: 1, bet_amount: amount }]
      return amount === "0" ? [] : [{ ...key, win_count: isPositive(amount) ? 1 : 0, win_amount: amount }]
    }
  },
  section: {
    schema: Schema.Array(Schema.Struct({
      date: Schema.String,
      product: Schema.Literals(["casino", "game_rounds", "logins", "payments", "sports"]),
      currency: Schema.NullOr(Schema.String),
      figures: Schema.Record(Schema.String, Schema.Union([Count, Decimal]))
    })),
    present: (rows): ReadonlyArray<DailyActivity> =>
      rows.map((row) => {
        // One of those that are contributed to above.
        const product = row.product as Product
        return {
          date: row.date,
          product,
          currency: product === "logins" ? null : row.currency,
          figures: Object.fromEntries(Object.keys(activityFields[product]).map((name) => [name, row[name as Column]]))
        }
      }).sort((a, b) => compareUtf8(a.date, b.date) || compareUtf8(a.product, b.product) || compareUtf8(a.currency ?? "", b.currency ?? ""))
  },
  separateDocument: true
})

/** Of a payment's events, only approvals and rollbacks have a say in whether and when it counts. */
const approvalStep = (data: Parameters<typeof paymentStep>[0]) => {
  const step = paymentStep(data)
  return step?.status === "approved" || step?.status === "rollback" ? step : undefined
}
