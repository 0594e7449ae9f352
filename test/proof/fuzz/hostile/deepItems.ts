import { casinoBet, type HostileInput, newId, sportsBet, times } from "./HostileInput.ts"

const nested = (levels: number, open: string, close: string) => `${open.repeat(levels)}1${close.repeat(levels)}`

/**
 * JSON of thousands of levels: one that is all of the body, many of 3,000 levels, in places that
 * are kept, ignored or unknown.
 */
export const deepItems: HostileInput = {
  name: "deep",
  attack: async (target, amount) => {
    const user = `deep-${newId()}`
    const [many, rounds] = amount === "all" ? [500, 4] : [20, 1]
    // 4.8 MB of lists within each other, and of objects.
    for (const [open, close] of [["[", "]"], ["{\"a\":", "}"]] as const) {
      const levels = Math.floor((amount === "all" ? 4_800_000 : 600_000) / (open.length + close.length))
      await times(rounds, 2, () => target.refused(`[${sportsBet(user, `"meta":{"m":${nested(levels, open, close)}}`)}]`))
      await target.refused(`{"items":${nested(levels, open, close)}}`)
      await target.refused(nested(levels, open, close))
      // Never closed.
      await target.refused(open.repeat(levels))
    }
    const deep = nested(3000, "[", "]")
    const items = () => Array.from({ length: many }, () => sportsBet(user, `"meta":{"m":${deep}}`)).join(",")
    await times(rounds, 2, () => target.refused(`{"items":[${items()}]}`))
    // In a field that nobody knows it is refused or ignored.
    const unknown = Array.from({ length: many }, () => JSON.stringify(casinoBet(user)).replace(/\}$/, `,"unknown":${deep}}`))
    await times(rounds, 2, () => target.post(`[${unknown.join(",")}]`, many))
  }
}
