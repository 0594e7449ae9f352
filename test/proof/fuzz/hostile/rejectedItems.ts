import { type HostileInput, newId, times } from "./HostileInput.ts"

const MiB = 1024 * 1024

/**
 * Items of which each is rejected and kept: ten thousand a request, and few of all the bytes there
 * are, full of what has to be escaped.
 */
export const rejectedItems: HostileInput = {
  name: "rejected",
  attack: async (target, amount) => {
    const [items, rounds] = amount === "all" ? [10_000, 20] : [1000, 2]
    const rejected = () => `{"event":"realtime-login","data":{"user_id":"rejected","unique_id":"${newId()}"}}`
    await times(rounds, 4, () => target.refused(`[${Array.from({ length: items }, rejected).join(",")}]`))
    // Each of them takes one byte or two in the body, six or twelve where it is kept.
    const bytes = amount === "all" ? 32 * MiB : MiB
    for (const text of ["\u007f", "\u0085", "\u{1f3b0}", "\\u0001"]) {
      const each = Math.floor((bytes - 4096) / Buffer.byteLength(text) / 10)
      const item = `{"event":"realtime-login","data":{"user_id":"rejected","unique_id":"${newId()}","timestamp":"${text.repeat(each)}"}}`
      await target.refused(`[${Array.from({ length: 10 }, () => item).join(",")}]`)
    }
    const one = `"${"\u0085".repeat(Math.floor((bytes - 4096) / 2))}"`
    await target.refused(`[${one}]`)
    await target.refused(`{"items":[{"event":${one}}]}`)
  }
}
