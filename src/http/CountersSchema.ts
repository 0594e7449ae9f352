import * as Schema from "effect/Schema"
import { catalog } from "../projections/catalog.ts"
import { newestVersions } from "../projections/newestVersions.ts"

const shown = newestVersions(catalog).filter(({ readApart }) => readApart !== true)

/** The names of the sections, in their order. */
export const counterSections = shown.map(({ name }) => name)

const sections = Object.fromEntries(shown.map(({ name, section }) => [name, Schema.optionalKey(section.schema)]))

/** A user's counters as they are answered (design §4), for the API's description: the section of every projection's newest version under its name. */
export const CountersSchema = Schema.Struct({
  user_id: Schema.String,
  time_zone: Schema.String.annotate({ description: "IANA name of the zone in which the tenant's days begin" }),
  position: Schema.Natural.annotate({ description: "Position in the user's slice of the log up to which the counters are complete" }),
  ...sections,
  stale: Schema.optionalKey(Schema.Array(Schema.String)).annotate({ description: "Sections that stopped at one of the user's events" })
}).annotate({ identifier: "Counters", description: "The sections asked for; without `include`, all of them" })
