import type { EventOf } from "../../../fasttrack/FastTrackEvent.ts"
import { sportsStep } from "../../../fasttrack/kinds/sportsBet.ts"
import { upperCase } from "../../../values/asciiCase.ts"

/** What there is to remember of a bet or a settlement to know whether it counts, and as what. */
interface Ticket {
  amount: string | null
  currency: string | null
  is_rolled_back: boolean
}

/**
 * Tells a bet or a settlement, a (type, activity_id), of an approval or a rollback, whichever comes
 * first (docs/design.md#sports). There is one of each at most.
 */
export const foldTicket = ({ data }: EventOf<"realtime-sports-bet">, ticket: Ticket): void => {
  if (sportsStep(data)?.status === "rollback") {
    ticket.is_rolled_back = true
  } else {
    ticket.amount = data.amount
    ticket.currency = upperCase(data.currency)
  }
}

/** What a bet or a settlement counts as; nothing unless it was approved and not rolled back. */
export const countedTicket = ({ amount, currency, is_rolled_back }: Readonly<Ticket>) =>
  is_rolled_back || amount === null || currency === null ? undefined : { amount, currency }
