import { setTimeout } from "node:timers/promises"
import { casinoBet, type HostileInput, newId } from "./HostileInput.ts"

/**
 * Connections that take their time: long polls, answers that nobody reads, requests and bodies that
 * do not end.
 */
export const slowClients: HostileInput = {
  name: "slow-clients",
  attack: async (target, amount) => {
    const [count, seconds] = amount === "all" ? [200, 20] : [20, 1]
    const user = `slow-${newId()}`
    await target.taken(
      Array.from({ length: amount === "all" ? 5000 : 500 }, (_, nth) => casinoBet(user, { game_id: `game-${nth}-${"x".repeat(200)}` }))
    )
    for (let nth = 0; nth < count; nth++) {
      target.open(target.head("GET", "/api/v1/changes?wait=60"))
      // Never reads what it asked for.
      target.open(target.head("GET", `/api/v1/users/${user}/games?limit=1000`).repeat(100)).pause()
      target.open(target.head("GET", `/api/v1/users/${user}/events?limit=500`).repeat(100)).pause()
      target.open(target.head("GET", "/docs").repeat(20)).pause()
      target.open("GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n")
      const announced = { "content-type": "application/json", "content-length": String(32 * 1024 * 1024) }
      target.open(`${target.head("POST", "/api/v1/integrations/fasttrack/bulk", announced)}{"items":[`)
    }
    await setTimeout(seconds * 1000)
    target.close()
  }
}
