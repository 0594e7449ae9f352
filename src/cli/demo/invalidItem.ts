import type { SeededRandom } from "./SeededRandom.ts"
import type { WireItem } from "./WireItem.ts"

/**
 * A copy of a good item, under an id of its own, with one of the mistakes that senders make. No
 * contract takes it.
 */
export const invalidItem = (random: SeededRandom, item: WireItem, id: string): unknown => {
  const own = { [idFieldOf(item)]: id }
  const data = { ...item.data, ...own }
  return random.pick([
    { ...item, data: { ...data, timestamp: "2026-02-30T12:00:00Z" } },
    { ...item, data: { ...data, user_id: item.data.user_id.length } },
    { ...item, data: { ...data, user_id: "" } },
    { ...item, event: "realtime-bonus", data },
    { event: item.event, data: own },
    { event: "realtime-casino", data: { ...data, unique_id: id, type: "refund", amount: "12.50" } }
  ])
}

const idFieldOf = ({ event }: WireItem) =>
  event === "realtime-payment" ? "payment_id" : event === "realtime-sports-bet" ? "activity_id" : "unique_id"
