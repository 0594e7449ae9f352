import * as Schema from "effect/Schema"

/** What a process needs to do its work, and whether it has it. */
export const ReadinessChecks = Schema.Struct({
  database: Schema.Boolean.annotate({ description: "It answers" }),
  migrations: Schema.Boolean.annotate({ description: "It has exactly this version's schema" }),
  log_whole: Schema.Boolean.annotate({
    description: "No import into it has been begun and not ended: nothing else can be stored meanwhile"
  }),
  projections: Schema.Struct({
    running: Schema.Boolean,
    lag_events: Schema.Natural.annotate({ description: "Events in the log that are not folded yet" }),
    lag_seconds: Schema.Finite.annotate({ description: "Age of the oldest of them; 0 without any" }),
    ranking_lag_events: Schema.Natural.annotate({
      description: "Events that the leaderboards do not show yet: they gather for some seconds"
    }),
    ranking_lag_seconds: Schema.Finite.annotate({ description: "Age of the oldest of them; 0 without any" }),
    parked_users: Schema.Natural.annotate({ description: "Users whose events could not be folded; everybody else's numbers go on" })
  })
}).annotate({ identifier: "ReadinessChecks" })
export type ReadinessChecks = typeof ReadinessChecks.Type
