import * as Schema from "effect/Schema"
import { uncountedWord } from "../../fasttrack/FastTrackEvent.ts"
import { compareUtf8 } from "../../values/compareUtf8.ts"
import { Count, Time, timeText } from "../../values/jsonValues.ts"
import { count, earliest, latest } from "../projection/Column.ts"
import * as Projection from "../projection/Projection.ts"

/**
 * Events that no projection counts, by the word that is to blame: a payment of type `voucher`, a
 * sports bet of status `completed`. They are stored, and a sender who spells a word otherwise finds
 * its numbers missing without a word. `events uncounted` lists what there is of a tenant; what a
 * user's events come to is removed with the user.
 */
export const uncounted = Projection.make({
  name: "uncounted",
  version: 1,
  events: ["realtime-payment", "realtime-sports-bet"],
  totals: { key: ["event", "field", "word"], columns: { event_count: count, first_at: earliest, last_at: latest } },
  contribute: (event) => {
    const uncounted = uncountedWord(event)
    return uncounted === undefined
      ? []
      : [{ event: event.event, ...uncounted, event_count: 1, first_at: event.occurredAt, last_at: event.occurredAt }]
  },
  section: {
    schema: Schema.Array(Schema.Struct({
      event: Schema.String,
      field: Schema.String,
      word: Schema.String,
      event_count: Count,
      first_at: Time,
      last_at: Time
    })),
    present: (rows) =>
      rows.map(({ event, event_count, field, first_at, last_at, word }) => ({
        event,
        field,
        word,
        event_count,
        first_at: timeText(first_at) ?? "",
        last_at: timeText(last_at) ?? ""
      })).toSorted((a, b) => compareUtf8(a.event, b.event) || compareUtf8(a.field, b.field) || compareUtf8(a.word, b.word))
  },
  separateDocument: true
})
