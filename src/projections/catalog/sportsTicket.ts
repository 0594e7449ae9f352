import type { EventOf } from "../../fasttrack/FastTrackEvent.ts"
import type { SportsBetData } from "../../fasttrack/SportsBetData.ts"

const kinds = ["bet", "settlement"] as const
const statuses = ["approved", "rollback"] as const

/** What an event says of which kind of ticket; nothing if its type or status is another. */
export const sportsStep = ({ status, type }: SportsBetData) => {
  const kind = kinds.find((kind) => kind === type.toLowerCase())
  const step = statuses.find((known) => known === status.toLowerCase())
  return kind === undefined || step === undefined ? undefined : { kind, status: step }
}

/** What there is to remember of a bet or a settlement to know whether it counts, and as what. */
interface Ticket {
  amount: string | null
  currency: string | null
  is_rolled_back: boolean
}

/** Tells a bet or a settlement, a (type, activity_id), of an approval or a rollback, whichever comes first (design §4). There is one of each at most. */
export const foldTicket = ({ data }: EventOf<"realtime-sports-bet">, ticket: Ticket): void => {
  if (sportsStep(data)?.status === "rollback") {
    ticket.is_rolled_back = true
  } else {
    ticket.amount = data.amount
    ticket.currency = data.currency.toUpperCase()
  }
}

/** What a bet or a settlement counts as; nothing unless it was approved and not rolled back. */
export const countedTicket = ({ amount, currency, is_rolled_back }: Readonly<Ticket>) =>
  is_rolled_back || amount === null || currency === null ? undefined : { amount, currency }
