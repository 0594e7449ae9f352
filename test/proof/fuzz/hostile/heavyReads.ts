import { casinoBet, type HostileInput, newId, times } from "./HostileInput.ts"

/** Twelve readings at once that go through all of a user's many events. */
export const heavyReads: HostileInput = {
  name: "reads",
  othersWait: 200,
  attack: async (target, amount) => {
    const [bodies, rounds] = amount === "all" ? [10, 4] : [1, 1]
    const user = `heavy-${newId()}`
    await times(
      bodies,
      2,
      () => target.taken(Array.from({ length: amount === "all" ? 10_000 : 2000 }, (_, nth) => casinoBet(user, { game_id: `g${nth % 50}` })))
    )
    const path = `/api/v1/users/${user}/counters`
    await times(12 * rounds, 12, async (nth) => {
      await target.get(nth % 2 === 0 ? `${path}?as_of=${new Date().toISOString()}` : `${path}/explain?path=casino.EUR.bet_amount`)
      await target.get(`/api/v1/users/${user}/games?limit=1000&consistency=strong`)
    })
  }
}
