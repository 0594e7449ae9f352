import type { EventOf } from "../../fasttrack/FastTrackEvent.ts"
import { upperCase } from "../../values/asciiCase.ts"
import { type DayRun, formatDay, lengthOf } from "../../values/dayRuns.ts"
import { isPositive, subtractDecimals } from "../../values/decimalArithmetic.ts"
import { timeText } from "../../values/jsonValues.ts"
import { amount, days, greatest, latest } from "../projection/Column.ts"
import { peakOf, peakTimeSql, peakValueSql, unpackPeak } from "../projection/peak.ts"
import * as Projection from "../projection/Projection.ts"
import { gameRoundFigures } from "./gameRounds.ts"
import { boardKey, inOrder, periodsOf, standingsSchema } from "./rules/boards.ts"

const hidden = { hidden: true } as const

/** What scores are made of; each board has its own columns. */
const columns = {
  total: { ...amount, ...hidden },
  last_at: { ...latest, ...hidden },
  peak: { ...greatest, ...hidden },
  days: { ...days, ...hidden }
}

const streak = "longest_run(days)"

/**
 * The boards on which each event counts for itself. See `boards.ts` for what they are, and
 * `sportsLeaderboards.ts` for the other one.
 */
export const leaderboards = Projection.make({
  name: "leaderboards",
  version: 2,
  events: ["realtime-casino", "realtime-gameround", "realtime-login"],
  totals: { key: boardKey, columns },
  ranking: {
    score: `case board when 'login_streak' then (upper(${streak}) - lower(${streak}))::numeric
      when 'biggest_multiplier' then ${peakValueSql("peak")} else total end`,
    reachedAt: `case board when 'login_streak' then (upper(${streak}) - 1)::timestamp at time zone 'UTC'
      when 'biggest_multiplier' then ${peakTimeSql("peak")} else last_at end`
  },
  contribute: (event, context) => {
    const { occurredAt: at } = event
    if (event.event === "realtime-login") {
      return [{ board: "login_streak", period: "all", start: "", currency: "", days: context.calendar.place(context.calendar.day(at)) }]
    }
    const scores = event.event === "realtime-casino" ? casinoScores(event) : roundScores(event)
    return scores.length === 0 ? [] : periodsOf(at, context).flatMap((period) => scores.map((score) => ({ ...period, ...score })))
  },
  section: {
    schema: standingsSchema,
    present: (rows, { calendar }) =>
      inOrder(rows.map(({ days, last_at, peak, total, ...key }) => {
        if (key.board === "login_streak") {
          const run = days.reduce<DayRun>((longest, run) => lengthOf(run) > lengthOf(longest) ? run : longest, [0, -1])
          return { ...key, score: lengthOf(run), reached_at: formatDay(calendar.dayAt(run[1])) }
        }
        const { at, value } = key.board === "biggest_multiplier" ? unpackPeak(peak) : { value: total, at: last_at }
        return { ...key, score: key.board === "round_wins" ? Number(value) : value, reached_at: timeText(at) ?? "" }
      }))
  },
  separateDocument: true
})

const casinoScores = ({ data: { amount, currency, type }, occurredAt }: EventOf<"realtime-casino">) => {
  if (amount === "0" || (type !== "bet" && type !== "rollbackbet")) return []
  const total = type === "bet" ? amount : subtractDecimals("0", amount)
  return [{ board: "casino_turnover", currency: upperCase(currency), total, last_at: occurredAt }]
}

const roundScores = (event: EventOf<"realtime-gameround">) => {
  const { bet_amount, biggest_multiplier: multiplier, currency, won_round_count } = gameRoundFigures(event)
  const last_at = event.occurredAt
  return [
    ...bet_amount === "0" ? [] : [{ board: "round_turnover", currency, total: bet_amount, last_at }],
    ...won_round_count === 0 ? [] : [{ board: "round_wins", currency, total: "1", last_at }],
    // One that rounds to 0 is no more than having none.
    ...isPositive(multiplier) ? [{ board: "biggest_multiplier", currency, peak: peakOf(multiplier, event.occurredAt) }] : []
  ]
}
