import * as Schema from "effect/Schema"
import { upperCase } from "../../values/asciiCase.ts"
import { compareUtf8 } from "../../values/compareUtf8.ts"
import { Time, timeText } from "../../values/jsonValues.ts"
import { maybeFlag, text, time } from "../projection/Column.ts"
import * as Projection from "../projection/Projection.ts"

/**
 * The account by its latest event in the order of (timestamp, unique_id): FastTrack sends a
 * registration again for every update (docs/design.md#profile). Not every event says whether
 * promotions are banned, so that is kept from the latest one that does.
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
    const update = { at, id: data.unique_id }
    if (isLater(update, { at: profile.updated_at, id: profile.updated_by })) {
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
    if (banned !== null && isLater(update, { at: profile.promo_banned_at, id: profile.promo_banned_by })) {
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

/** Whether an update is greater by (at, id) than the one kept, if one is. */
const isLater = (
  { at, id }: { readonly at: number; readonly id: string },
  kept: { readonly at: number | null; readonly id: string | null }
): boolean => kept.at === null || kept.id === null || at > kept.at || (at === kept.at && compareUtf8(id, kept.id) > 0)
