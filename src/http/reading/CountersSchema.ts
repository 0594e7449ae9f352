import * as Schema from "effect/Schema"
import { runProjections } from "../../projections/own/ownProjections.ts"
import { newestVersions } from "../../projections/projection/newestVersions.ts"
import { CompleteUpTo, Generations, Ref, StaleSections, TimeZone } from "./document.ts"

const shown = newestVersions(runProjections).filter(({ separateDocument }) => separateDocument !== true)

/** The names of the sections, in their order. */
export const counterSections = shown.map(({ name }) => name)

const sections = Object.fromEntries(shown.map(({ name, section }) => [name, Schema.optionalKey(section.schema)]))

/**
 * A user's counters as they are answered (docs/design.md#counters), for the API's description.
 *
 * It has the section of every projection's newest version under its name.
 */
export const CountersSchema = Schema.Struct({
  user_id: Schema.String,
  ref: Ref,
  time_zone: TimeZone,
  position: CompleteUpTo,
  generations: Generations,
  ...sections,
  stale: StaleSections
}).annotate({ identifier: "Counters", description: "The sections asked for; without `include`, all of them" })
