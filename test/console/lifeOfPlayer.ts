import type { FastTrackItem } from "../oracle/FastTrackItem.ts"

const day = 86_400_000

/**
 * What a player did in the last days, a few events of each kind a day. Amounts are in EUR and SEK.
 */
export const lifeOfPlayer = (
  userId: string,
  { days, now }: { readonly days: number; readonly now: number }
): ReadonlyArray<FastTrackItem> => {
  const items: Array<FastTrackItem> = []
  const at = (ago: number, minutes: number) => new Date(now - ago * day - 3_600_000 + minutes * 60_000).toISOString()
  items.push({
    event: "realtime-registration",
    data: {
      user_id: userId,
      timestamp: at(days, 0),
      unique_id: "a-1",
      username: `name of ${userId}`,
      registration_date: at(days, 0),
      country: "MT",
      currency: "EUR",
      gender: null,
      consent_email: true
    }
  })
  for (let ago = days; ago > 0; ago--) {
    // Nobody plays every day.
    if (ago % 7 === 3) continue
    const currency = ago % 5 === 0 ? "SEK" : "EUR"
    const data = (nth: number) => ({ user_id: userId, timestamp: at(ago, nth) })
    items.push({ event: "realtime-login", data: { ...data(0), unique_id: `l-${ago}` } })
    for (let nth = 0; nth < 1 + ago % 4; nth++) {
      const play = { game_id: `game-${nth}`, round_id: `r-${ago}-${nth}`, currency, bonus_wager_amount: 0 }
      items.push(
        {
          event: "realtime-casino",
          data: { ...data(2 * nth), ...play, unique_id: `b-${ago}-${nth}`, type: "bet", amount: { raw: `${nth + 1}.25` } }
        },
        { event: "realtime-casino", data: { ...data(2 * nth + 1), ...play, unique_id: `w-${ago}-${nth}`, type: "win", amount: nth % 2 } }
      )
    }
    if (ago % 6 === 1) {
      const payment = { currency, vendor_name: "vendor-1", type: "credit", status: "approved", payment_id: `p-${ago}`, amount: 50 }
      items.push({ event: "realtime-payment", data: { ...data(20), ...payment } })
    }
  }
  return items
}
