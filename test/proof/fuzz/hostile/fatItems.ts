import { type HostileInput, newId, sportsBet, times } from "./HostileInput.ts"

const kept = 256 * 1024

const repeated = (text: string, count: number) => Array.from({ length: count }, () => text).join(",")

/**
 * Items as large as the log takes, and then larger ones, small in the body and large in the log
 * among them; afterwards everything is read.
 */
export const fatItems: HostileInput = {
  name: "fat",
  attack: async (target, amount) => {
    const user = `fat-${newId()}`
    const [bodies, items, larger] = amount === "all" ? [8, 64, 30] : [1, 8, 2]
    // 16 MB a body, of items just below the bound; in the second form each character takes six
    // bytes of the log.
    for (const text of ["x".repeat(4000), "\\u0001".repeat(660)]) {
      const size = text.startsWith("x") ? 4000 : 3960
      const outcomes = repeated(`{"o":"${text}"}`, Math.floor((kept - 16 * 1024) / (size + 16)))
      await times(
        bodies,
        2,
        () => target.post(`[${Array.from({ length: items }, () => sportsBet(user, `"outcomes":[${outcomes}]`)).join(",")}]`, items)
      )
    }
    // 3.1 MB in the body, 16.9 MB in the log.
    await target.refused(`[${sportsBet(user, `"meta":{"n":[${repeated("1e-30", 520_000)}]}`)}]`)
    const objects = repeated("{}", 1_200_000)
    await times(larger, 2, () => target.refused(`[${sportsBet(user, `"outcomes":[${objects}]`)}]`))
    await times(amount === "all" ? 12 : 2, 4, async () => {
      await target.get(`/api/v1/users/${user}/events?limit=500`)
      await target.get(`/api/v1/users/${user}/counters/explain?path=sports.EUR.bet_amount&limit=500`)
      await target.get(`/api/v1/users/${user}/counters?as_of=${new Date().toISOString()}`)
    })
  }
}
