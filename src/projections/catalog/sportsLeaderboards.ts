import { sportsStep } from "../../fasttrack/kinds/sportsBet.ts"
import { timeText } from "../../values/jsonValues.ts"
import { known } from "../../values/known.ts"
import { amount, decimal, flag, latest, text, time } from "../projection/Column.ts"
import * as Projection from "../projection/Projection.ts"
import { boardKey, inOrder, periodsOf, standingsSchema } from "./rules/boards.ts"
import { countedTicket, foldTicket } from "./rules/sportsTicket.ts"

const hidden = { hidden: true } as const

/**
 * The board of sports bets. It is a projection of its own, apart from `leaderboards.ts`, since a
 * bet that is rolled back takes its score and its time with it: the user's totals are then
 * rebuilt from the bets alone, and nothing else may be in them.
 */
export const sportsLeaderboards = Projection.make({
  name: "sports_leaderboards",
  version: 2,
  events: ["realtime-sports-bet"],
  totals: { key: boardKey, columns: { total: { ...amount, ...hidden }, last_at: { ...latest, ...hidden } } },
  ranking: { score: "total", reachedAt: "last_at" },
  entities: {
    bets: {
      key: ["activity_id"],
      // The dates are those on which the bet's day, week and month begin.
      columns: { amount: decimal, currency: text, placed_at: time, day: text, week: text, month: text, is_rolled_back: flag }
    }
  },
  keys: ({ data }) => sportsStep(data)?.kind === "bet" ? [["bets", data.activity_id]] : [],
  fold: (event, { bets }, context) => {
    const step = sportsStep(event.data)
    if (step?.kind !== "bet") return
    const bet = bets(event.data.activity_id)
    foldTicket(event, bet)
    if (step.status === "rollback") return
    bet.placed_at = event.occurredAt
    for (const { period, start } of periodsOf(event.occurredAt, context)) if (period !== "all") bet[period] = start
  },
  contributions: {
    bets: (bet) => {
      const counted = countedTicket(bet)
      if (counted === undefined || counted.amount === "0" || bet.placed_at === null) return []
      const { amount: total, currency } = counted
      const score = { board: "sports_turnover", currency, total, last_at: bet.placed_at }
      return [
        ...(["day", "week", "month"] as const).map((period) => ({
          ...score,
          period,
          start: known(bet[period], "date of a bet that was placed")
        })),
        { ...score, period: "all", start: "" }
      ]
    }
  },
  section: {
    schema: standingsSchema,
    present: (rows) => inOrder(rows.map(({ last_at, total, ...key }) => ({ ...key, score: total, reached_at: timeText(last_at) ?? "" })))
  },
  separateDocument: true
})
