import type { Scene, Step } from "./Scene.ts"
import { happenedAt, wireTime } from "./WireItem.ts"

const day = 86_400_000

/** The player logs in. */
export const loginStep = ({ nextId, player }: Scene): Step => {
  const id = nextId()
  return { after: 0, item: (at) => ({ event: "realtime-login", data: { ...happenedAt(player.userId, at), unique_id: id } }) }
}

/**
 * The logins of the player's last days, told late: what makes a streak that is there before the
 * demo begins.
 */
export const earlierLogins = ({ nextId, player }: Scene): ReadonlyArray<Step> =>
  Array.from({ length: player.streak }, (_, ago) => {
    const id = nextId()
    return {
      after: 0,
      item: (at) => ({ event: "realtime-login", data: { ...happenedAt(player.userId, at - (ago + 1) * day), unique_id: id } })
    }
  })

/** The player's account as it is, after registering or after a change of consents. */
export const accountStep = ({ nextId, player, random }: Scene): Step => {
  const id = nextId()
  const consents = { consent_email: random.pick([true, true, false, null]), segmentation_isPromoBanned: random.chance(0.03) }
  return {
    after: 0,
    item: (at) => ({
      event: "realtime-registration",
      data: {
        ...happenedAt(player.userId, at),
        unique_id: id,
        username: player.username,
        registration_date: wireTime(player.registeredAt),
        country: player.country,
        currency: player.currency.code,
        gender: player.gender,
        ...consents
      }
    })
  }
}
