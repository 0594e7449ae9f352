import * as Schema from "effect/Schema"
import { upperCase } from "../../values/asciiCase.ts"
import { compareUtf8 } from "../../values/compareUtf8.ts"
import { Time, timeText } from "../../values/jsonValues.ts"
import { maybeFlag, text, time } from "../projection/Column.ts"
import * as Projection from "../projection/Projection.ts"

/**
 * The account as its latest event by (timestamp, unique_id) says it: FastTrack sends a registration
 * again for every update (docs/design.md#profile). Not every one says whether promotions are
 * banned, so that is kept from the latest that does.
 */
export const profile = Projection.make({
  name: "profile",
  version: 1,
  events: ["realtime-registration"],
  entities: {
    profiles: {
      key: [],
      columns: {
        username: text,
        registration_date: time,
        country: text,
        currency: text,
        gender: text,
        consent_email: maybeFlag,
        updated_at: time,
        updated_by: text,
        promo_banned: maybeFlag,
        promo_banned_at: time,
        promo_banned_by: text
      }
    }
  },
  keys: () => [["profiles"]],
  fold: ({ data, occurredAt: at }, { profiles }) => {
    const profile = profiles()
    if (isLater(at, data.unique_id, profile.updated_at, profile.updated_by)) {
      profile.username = data.username
      profile.registration_date = Date.parse(data.registration_date)
      profile.country = data.country
      profile.currency = upperCase(data.currency)
      profile.gender = data.gender
      profile.consent_email = data.consent_email
      profile.updated_at = at
      profile.updated_by = data.unique_id
    }
    const banned = data.segmentation_isPromoBanned
    if (banned !== null && isLater(at, data.unique_id, profile.promo_banned_at, profile.promo_banned_by)) {
      profile.promo_banned = banned
      profile.promo_banned_at = at
      profile.promo_banned_by = data.unique_id
    }
  },
  section: {
    schema: Schema.NullOr(
      Schema.Struct({
        username: Schema.String,
        registration_date: Time,
        country: Schema.String,
        currency: Schema.String.annotateKey({ description: "Upper-cased" }),
        gender: Schema.NullOr(Schema.String),
        consent_email: Schema.NullOr(Schema.Boolean),
        updated_at: Time,
        segmentation_isPromoBanned: Schema.NullOr(Schema.Boolean).annotateKey({ description: "Null if no event said so" })
      }).annotate({ identifier: "Profile" })
    ).annotate({ description: "The account as last registered or updated, null before that" }),
    present: ([row]) =>
      row === undefined ? null : {
        username: row.username,
        registration_date: timeText(row.registration_date),
        country: row.country,
        currency: row.currency,
        gender: row.gender,
        consent_email: row.consent_email,
        updated_at: timeText(row.updated_at),
        segmentation_isPromoBanned: row.promo_banned
      }
  }
})

/** Whether (at, id) is greater than the one kept, if one is. */
const isLater = (at: number, id: string, keptAt: number | null, keptId: string | null): boolean =>
  keptAt === null || keptId === null || at > keptAt || (at === keptAt && compareUtf8(id, keptId) > 0)
