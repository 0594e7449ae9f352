import { casinoBet, type HostileInput, newId, sportsBet, times } from "./HostileInput.ts"

const members = (count: number, from = 0) => Array.from({ length: count }, (_, nth) => `"k${from + nth}":1`).join(",")

/**
 * Objects with very many keys: in an item, in its data, in what is kept whole, and in every item of
 * a full batch.
 */
export const manyKeys: HostileInput = {
  name: "many-keys",
  attack: async (target, amount) => {
    const user = `keys-${newId()}`
    const [keys, items, rounds] = amount === "all" ? [1_000_000, 10_000, 3] : [60_000, 500, 1]
    const bet = () => JSON.stringify(casinoBet(user))
    await times(rounds, 2, async () => {
      await target.post(`[${bet().replace(/\}$/, `,${members(keys)}}`)}]`, 1)
      await target.post(`[${bet().replace(/\}\}$/, `,${members(keys)}}}`)}]`, 1)
      await target.refused(`[${sportsBet(user, `"meta":{${members(keys)}}`)}]`)
      await target.refused(`{${members(keys)}}`)
      await target.post(`[${Array.from({ length: items }, () => bet().replace(/\}\}$/, `,${members(200)}}}`)).join(",")}]`, items)
      // The same key again and again, and keys that are the names of what every object has.
      await target.post(`[${bet().replace(/\}\}$/, `,${`"k":1,`.repeat(keys)}"__proto__":{"x":1}}}`)}]`, 1)
      const legs = Array.from({ length: 90 }, (_, leg) => `{${members(200, leg * 200)}}`).join(",")
      await target.post(`[${sportsBet(user, `"outcomes":[${legs}]`)}]`, 1)
    })
  }
}
