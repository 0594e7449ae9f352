import type { ChangedUser, Counters } from "../../client/src/index.ts"

/** What is paid, once: the key is the primary key of your table, and what the wallet is given. */
export interface Payout {
  readonly key: string
  readonly user_id: string
  readonly rule: string
  readonly step: number
}

/** How many steps of each rule a user's counters have reached. A step is paid once in a life. */
const rules: Readonly<Record<string, (counters: Counters) => number>> = {
  "first-deposit": ({ payments }) => Math.min(payments?.EUR?.deposit_count ?? 0, 1),
  "every-10-wins": ({ game_rounds }) => Math.floor((game_rounds?.EUR?.won_round_count ?? 0) / 10),
  // An amount is decimal text: its whole part is exact as a bigint.
  "every-100-EUR-staked": ({ casino }) => Number(BigInt(casino?.EUR?.net_bet_amount.split(".")[0] ?? "0") / 100n),
  // The longest streak, as the current one is 0 again after a day off.
  "week-of-logins": ({ logins }) => Math.floor((logins?.longest_streak ?? 0) / 7)
}

/** All that a user's numbers give a right to: the same keys whenever the numbers are the same. */
export const payoutsOf = ({ document, ref, user_id }: ChangedUser): ReadonlyArray<Payout> =>
  Object.entries(rules).flatMap(([rule, reached]) =>
    Array.from({ length: reached(document) }, (_, index) => ({ key: `${ref}:${rule}:${index + 1}`, user_id, rule, step: index + 1 }))
  )
