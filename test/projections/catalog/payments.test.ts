import { describe, it } from "vitest"
import { payments } from "../../../src/projections/catalog/payments.ts"
import { payment as paymentEvent } from "../../support/events/events.ts"
import { projectionSpec } from "../../support/projections/projectionSpec.ts"

const { given, keepsTheLaws } = projectionSpec(payments)
type Fields = NonNullable<Parameters<typeof paymentEvent>[0]>
const payment = (type: string, status: string, more: Fields = {}) => paymentEvent({ payment_id: "p", type, status, ...more })

const nothing = {
  deposit_count: 0,
  deposit_amount: "0",
  deposit_base_amount: "0",
  biggest_deposit: "0",
  first_deposit_at: null,
  last_deposit_at: null,
  withdrawal_count: 0,
  withdrawal_amount: "0",
  withdrawal_base_amount: "0",
  biggest_withdrawal: "0",
  first_withdrawal_at: null,
  last_withdrawal_at: null,
  pending_deposit_count: 0
}
const at = "2026-01-01T12:00:00.000Z"
const aDeposit = { ...nothing, deposit_count: 1, deposit_amount: "10", biggest_deposit: "10", first_deposit_at: at, last_deposit_at: at }
const aWithdrawal = {
  ...nothing,
  withdrawal_count: 1,
  withdrawal_amount: "10",
  biggest_withdrawal: "10",
  first_withdrawal_at: at,
  last_withdrawal_at: at
}
const pending = { ...nothing, pending_deposit_count: 1 }

describe("payments", () => {
  it("keeps the laws of folds", keepsTheLaws)

  it.each(["credit", "Credit", "deposit", "DEPOSIT"])("%s is a deposit", (type) => {
    given(payment(type, "Approved")).shows({ EUR: aDeposit })
  })

  it.each(["debit", "Debit", "withdrawal", "withdraw", "WithDraw"])("%s is a withdrawal", (type) => {
    given(payment(type, "APPROVED")).shows({ EUR: aWithdrawal })
  })

  it.each(["capture", "void", "credit ", "deposits"])("%j is not counted", (type) => {
    given(payment(type, "approved"), payment(type, "requested"), payment(type, "rollback")).shows({})
  })

  it.each([
    ["approved", { EUR: aDeposit }],
    ["requested approved", { EUR: aDeposit }],
    ["requested approved rejected", { EUR: aDeposit }],
    ["approved cancelled", { EUR: aDeposit }],
    ["requested approved rollback", {}],
    ["approved rollback cancelled rejected", {}],
    ["approved ROLLback", {}],
    ["requested", { EUR: pending }],
    ["requested rejected", {}],
    ["requested Cancelled", {}],
    ["requested rollback", {}],
    // Not one of FastTrack's words.
    ["requested canceled", { EUR: pending }],
    ["pending", {}],
    ["rejected cancelled rollback", {}]
  ])("a deposit that was %s", (statuses, section) => {
    given(...statuses.split(" ").map((status) => payment("credit", status))).shows(section)
  })

  it("knows of no pending withdrawals", () => {
    given(payment("debit", "requested")).shows({})
    given(payment("debit", "requested"), payment("debit", "approved")).shows({ EUR: aWithdrawal })
  })

  it("keeps a deposit and a withdrawal with one payment_id apart, and ids by letter case", () => {
    given(payment("credit", "approved"), payment("debit", "rollback"), payment("debit", "approved")).shows({ EUR: aDeposit })
    given(payment("credit", "approved"), payment("credit", "rollback", { payment_id: "P" })).shows({ EUR: aDeposit })
  })

  it("adds up payments per currency of the approval", () => {
    given(
      payment("credit", "requested", { amount: 99, currency: "USD" }),
      payment("credit", "approved", { currency: "eur", base_amount: 11 }),
      payment("credit", "approved", { payment_id: "q", amount: 20.5, at: "2026-01-01T11:00:00Z" }),
      payment("credit", "approved", { payment_id: "r", amount: 3, currency: "usd" }),
      payment("debit", "approved", { payment_id: "s", amount: 4, base_amount: 5, at: "2026-01-03T00:00:00Z" })
    ).shows({
      EUR: {
        deposit_count: 2,
        deposit_amount: "30.5",
        deposit_base_amount: "11",
        biggest_deposit: "20.5",
        first_deposit_at: "2026-01-01T11:00:00.000Z",
        last_deposit_at: at,
        withdrawal_count: 1,
        withdrawal_amount: "4",
        withdrawal_base_amount: "5",
        biggest_withdrawal: "4",
        first_withdrawal_at: "2026-01-03T00:00:00.000Z",
        last_withdrawal_at: "2026-01-03T00:00:00.000Z",
        pending_deposit_count: 0
      },
      USD: { ...aDeposit, deposit_amount: "3", biggest_deposit: "3" }
    })
  })

  it("lets the earliest approval speak for the payment", () => {
    given(
      payment("deposit", "approved", { currency: "USD", amount: 1 }),
      payment("credit", "approved", { at: "2026-01-01T11:59:59.999Z", base_amount: 7 })
    ).includes({ EUR: { deposit_amount: "10", deposit_base_amount: "7", first_deposit_at: "2026-01-01T11:59:59.999Z" } })
  })

  it("then the one of the least amount, as a number", () => {
    given(payment("credit", "approved", { amount: 10 }), payment("deposit", "approved", { amount: 9, currency: "USD" })).shows({
      USD: { ...aDeposit, deposit_amount: "9", biggest_deposit: "9" }
    })
    given(payment("withdraw", "approved", { amount: -2 }), payment("debit", "approved", { amount: -1, currency: "USD" })).includes({
      EUR: { withdrawal_amount: "-2", biggest_withdrawal: "0" }
    })
  })

  it("then the one of the least type", () => {
    const same = ["withdrawal", "Debit", "withdraw"].map((type, number) => payment(type, "approved", { currency: `C${number}` }))
    given(...same).shows({ C1: aWithdrawal })
    given(...same.toSpliced(1, 1)).shows({ C2: aWithdrawal })
  })

  it("counts a pending deposit in the currency of the least request", () => {
    given(
      payment("deposit", "requested", { currency: "late", at: "2026-01-02T00:00:00Z" }),
      payment("credit", "Requested", { currency: "early" })
    ).shows({ EARLY: pending })
    given(payment("Deposit", "requested", { currency: "big" }), payment("credit", "requested", { currency: "small", amount: 9 })).shows({
      SMALL: pending
    })
    given(payment("DEPOSIT", "requested", { currency: "second" }), payment("credit", "requested", { currency: "first" })).shows({
      FIRST: pending
    })
  })

  it("forgets a currency in which nothing counts any more", () => {
    given(
      payment("credit", "requested", { currency: "USD" }),
      payment("credit", "approved", { currency: "SEK" }),
      payment("credit", "rollback", { currency: "NOK" }),
      payment("credit", "approved", { payment_id: "q" })
    ).shows({ EUR: aDeposit })
  })
})
