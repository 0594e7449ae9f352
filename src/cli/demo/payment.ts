import { wireAmount, wireBaseAmount } from "./Currency.ts"
import type { Play, Scene, Step } from "./Scene.ts"
import { happenedAt } from "./WireItem.ts"

/**
 * A deposit or a withdrawal with its life: requested, then approved, rejected or cancelled; once in
 * a while an approved one is rolled back later. All its events share one payment_id.
 * The player waits for the answer.
 */
export const payment = (scene: Scene, direction: "deposit" | "withdrawal", amount: bigint, start: number): Play => {
  const { nextId, player, random } = scene
  const paymentId = nextId()
  const vendor = random.pick(["Visa", "Mastercard", "Trustly", "Skrill"])
  const step = (status: string, after: number): Step => ({
    after,
    item: (at) => ({
      event: "realtime-payment",
      data: {
        ...happenedAt(player.userId, at),
        payment_id: paymentId,
        type: direction === "deposit" ? "credit" : "debit",
        status,
        amount: wireAmount(amount, player.currency),
        currency: player.currency.code,
        base_amount: wireBaseAmount(amount, player.currency),
        vendor_name: player.currency.decimals > 2 ? "CoinGate" : vendor
      }
    })
  })
  const busy = random.between(1_500, 6_000)
  const outcome = random.next()
  const requested = step("requested", start)
  if (outcome < 0.06) return { steps: [requested, step("rejected", start + busy)], busy, balance: 0n }
  if (outcome < 0.09) return { steps: [requested, step("cancelled", start + busy)], busy, balance: 0n }
  return {
    steps: [
      requested,
      step("approved", start + busy),
      ...outcome > 0.97 ? [step("rollback", start + busy + random.between(20_000, 60_000))] : []
    ],
    busy,
    balance: direction === "deposit" ? amount : -amount
  }
}
