import type { Target } from "./Target.ts"

/** How much of it: a few seconds' worth for every run of the suite, or all. */
export type Amount = "some" | "all"

/**
 * What a tenant with a valid key may send or ask. It may cost that tenant speed, and nobody else.
 */
export interface HostileInput {
  readonly name: string
  /** Done once everything is answered that will be. */
  readonly attack: (target: Target, amount: Amount) => Promise<void>
  /**
   * Milliseconds that 99 of 100 requests of another tenant may take meanwhile, on a quiet machine;
   * 500 unless given.
   */
  readonly othersWait?: number
  /**
   * Milliseconds that 99 of 100 new connections may wait for their answer; as long as other
   * requests unless given.
   */
  readonly connectionsWait?: number
}

let serial = 0

/** A text that no other item has. */
export const newId = (): string => `hostile-${process.pid}-${++serial}`

/** A valid item. */
export const casinoBet = (userId: string, data: object = {}): object => ({
  event: "realtime-casino",
  data: {
    user_id: userId,
    timestamp: "2026-01-20T10:00:00Z",
    unique_id: newId(),
    game_id: "game",
    round_id: "round",
    type: "bet",
    amount: 1,
    currency: "EUR",
    bonus_wager_amount: 0,
    ...data
  }
})

/** The text of a sports bet with one leg, of which `leg` are more members as JSON. */
export const sportsBet = (userId: string, leg: string): string =>
  `{"event":"realtime-sports-bet","data":{"user_id":"${userId}","timestamp":"2026-01-20T10:00:00Z","activity_id":"${newId()}","activity_id_reference":"",` +
  `"amount":1,"bet_type":"Single","bonus_wager_amount":0,"currency":"EUR","status":"Approved","type":"Bet",` +
  `"bets":[{"tournament_name":"t","sports_name":"s","odds":2,${leg}}]}}`

/** Does something so many times, some of them at once. */
export const times = async (count: number, atOnce: number, what: (nth: number) => Promise<unknown>): Promise<void> => {
  let next = 0
  const work = async () => {
    while (next < count) await what(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}
