import * as Schema from "effect/Schema"
import { catalog } from "../../projections/catalog/catalog.ts"
import { newestVersions } from "../../projections/projection/newestVersions.ts"

const shown = newestVersions(catalog).filter(({ separateDocument }) => separateDocument !== true)

/** The names of the sections, in their order. */
export const counterSections = shown.map(({ name }) => name)

const sections = Object.fromEntries(shown.map(({ name, section }) => [name, Schema.optionalKey(section.schema)]))

/** What stands for a user who is erased, in the feed of changes. */
export const Ref = Schema.String.annotate({
  description:
    "Stands for the user where the id may not: the feed of changes names an erased user by it. Always the same for an id, and says nothing about it."
})

/** When the numbers of sections changed without events. */
export const Generations = Schema.Record(Schema.String, Schema.Natural).annotate({
  description:
    "For each section a number that grows when its numbers change without an event: by another version, the rebuild of a user, another time zone, " +
    "a log that lost events. 0 if they never did. The feed of changes tells it too."
})

/**
 * A user's counters as they are answered (docs/design.md#counters), for the API's description: the
 * section of every projection's newest version under its name.
 */
export const CountersSchema = Schema.Struct({
  user_id: Schema.String,
  ref: Ref,
  time_zone: Schema.String.annotate({ description: "IANA name of the zone in which the tenant's days begin" }),
  position: Schema.Natural.annotate({ description: "Position in the user's slice of the log up to which the counters are complete" }),
  generations: Generations,
  ...sections,
  stale: Schema.optionalKey(Schema.Array(Schema.String)).annotate({ description: "Sections that stopped at one of the user's events" })
}).annotate({ identifier: "Counters", description: "The sections asked for; without `include`, all of them" })
