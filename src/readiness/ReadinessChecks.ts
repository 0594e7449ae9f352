import * as Schema from "effect/Schema"

/** A number that is unknown until it is first measured. */
const measured = <S extends Schema.Top>(schema: S, description: string) =>
  Schema.NullOr(schema).annotate({ description: `${description}. null before the first look` })

/** What a process needs for its work, and whether it has it. */
export const ReadinessChecks = Schema.Struct({
  database: Schema.Boolean.annotate({ description: "It answers" }),
  writable: Schema.Boolean.annotate({ description: "It can store: it is no standby and not read-only" }),
  migrations: Schema.Boolean.annotate({ description: "It has exactly this version's schema" }),
  log_whole: Schema.Boolean.annotate({
    description: "No import into it has been begun and not ended: nothing else can be stored meanwhile"
  }),
  draining: Schema.Boolean.annotate({ description: "The process was told to stop: it still answers, for some seconds" }),
  projections: Schema.Struct({
    running: Schema.Boolean.annotate({ description: "Each of their loops has got something done in the last seconds" }),
    gaps: Schema.Array(Schema.Struct({ slice: Schema.Natural, position: Schema.Natural }).annotate({ identifier: "LogGap" })).annotate({
      description: "Positions that are missing in the log: the numbers of these slices' users stand still"
    }),
    lag_events: measured(Schema.Natural, "Events in the log that are not folded yet"),
    lag_seconds: measured(Schema.Finite, "Age of the oldest such event; 0 without any"),
    ranking_lag_events: measured(Schema.Natural, "Events that the leaderboards do not show yet: they gather for some seconds"),
    ranking_lag_seconds: measured(Schema.Finite, "Age of the oldest such event; 0 without any"),
    parked_users: measured(Schema.Natural, "Users whose events could not be folded; everybody else's numbers go on")
  })
}).annotate({ identifier: "ReadinessChecks" })
export type ReadinessChecks = typeof ReadinessChecks.Type
