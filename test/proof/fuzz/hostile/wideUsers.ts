import { casinoBet, type HostileInput, newId, times } from "./HostileInput.ts"

const perBody = 10_000

/**
 * A user with thousands of currencies, one with a hundred thousand games, one with a bet on every
 * day; and then everything that reads them.
 */
export const wideUsers: HostileInput = {
  name: "wide",
  attack: async (target, amount) => {
    const [currencies, games, readers] = amount === "all" ? [10_000, 100_000, 4] : [1500, 2000, 1]
    const wide = `wide-${newId()}`
    const gamer = `games-${newId()}`
    const send = async (count: number, item: (nth: number) => object) =>
      times(
        Math.ceil(count / perBody),
        2,
        (body) => target.taken(Array.from({ length: Math.min(perBody, count - body * perBody) }, (_, nth) => item(body * perBody + nth)))
      )
    await send(currencies, (nth) => casinoBet(wide, { currency: `C${nth}` }))
    await send(games, (nth) => casinoBet(gamer, { game_id: `game-${nth}` }))
    await send(
      Math.min(currencies, 4000),
      (nth) => casinoBet(wide, { currency: `D${nth % 20}`, timestamp: new Date(Date.UTC(2025, 0, 1) + nth * 3_600_000).toISOString() })
    )
    const now = () => new Date().toISOString()
    await times(readers, readers, async () => {
      for (const user of [wide, gamer]) {
        const path = `/api/v1/users/${user}`
        await target.get(`${path}/counters?consistency=strong`)
        await target.get(`${path}/counters?include=casino`)
        await target.get(`${path}/counters?as_of=${now()}`)
        await target.get(`${path}/counters/explain?path=casino.C7.bet_amount&limit=500`)
        await target.get(`${path}/counters/explain?path=casino.EUR.bet_count&limit=500`)
        await target.get(`${path}/activity?from=2025-01-01&to=2026-01-31`)
        await target.get(`${path}/events?limit=500`)
        let cursor: string | undefined
        for (let page = 0; page < 110 && cursor !== ""; page++) {
          const query: string = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`
          const { text } = await target.get(`${path}/games?limit=1000${query}`)
          cursor = /"next_cursor":"([^"]+)"/.exec(text)?.[1] ?? ""
        }
      }
    })
  }
}
