import { describe, expect, it } from "vitest"
import { uncountedWord } from "../../../src/fasttrack/FastTrackEvent.ts"
import { payments } from "../../../src/projections/catalog/payments.ts"
import { sports } from "../../../src/projections/catalog/sports.ts"
import { uncounted } from "../../../src/projections/catalog/uncounted.ts"
import { evaluate } from "../../../src/projections/fold/evaluate.ts"
import { bet, payment, sportsBet } from "../../support/events/events.ts"
import { projectionSpec } from "../../support/projections/projectionSpec.ts"

const { given, keepsTheLaws } = projectionSpec(uncounted)
const [noon, later] = ["2026-01-01T12:00:00.000Z", "2026-01-02T00:00:00.000Z"]

const inUtc = { timeZone: "UTC", now: 0 }

describe("uncounted", () => {
  it("keeps the laws of folds", keepsTheLaws)

  it("names the word for which an event is not counted, the type before the status", () => {
    given(
      payment({ type: "Credit", status: "Completed" }),
      payment({ type: "debit", status: "completed", at: later }),
      payment({ type: "Voucher", status: "completed" }),
      sportsBet({ type: "Bet", status: "Open" }),
      sportsBet({ type: "refund", status: "approved" }),
      payment({ type: "credit", status: "Approved" }),
      sportsBet({ type: "bet", status: "ROLLBACK" })
    ).shows([
      { event: "realtime-payment", field: "status", word: "completed", event_count: 2, first_at: noon, last_at: later },
      { event: "realtime-payment", field: "type", word: "voucher", event_count: 1, first_at: noon, last_at: noon },
      { event: "realtime-sports-bet", field: "status", word: "open", event_count: 1, first_at: noon, last_at: noon },
      { event: "realtime-sports-bet", field: "type", word: "refund", event_count: 1, first_at: noon, last_at: noon }
    ])
  })

  it("is nothing of the kinds that always count", () => {
    given(bet()).shows([])
  })

  const words = ["credit", "deposit", "debit", "withdrawal", "withdraw", "bet", "settlement", "voucher", "cred\u0131t"]
  const statuses = ["requested", "approved", "rejected", "cancelled", "rollback", "completed", "rollbac\u212a", "approved "]

  it("has a word of every event without one that counts, and of no other", () => {
    for (const type of words) {
      for (const status of statuses) {
        const isPayment = words.indexOf(type) < 5 && statuses.indexOf(status) < 5
        const isTicket = (type === "bet" || type === "settlement") && (status === "approved" || status === "rollback")
        expect(uncountedWord(payment({ type, status })) === undefined, `${type} ${status}`).toBe(isPayment)
        expect(uncountedWord(sportsBet({ type, status })) === undefined, `${type} ${status}`).toBe(isTicket)
        if (!isPayment) expect(evaluate(payments, [payment({ type, status })], inUtc)).toEqual({})
        if (!isTicket) expect(evaluate(sports, [sportsBet({ type, status })], inUtc)).toEqual({})
      }
    }
  })
})
