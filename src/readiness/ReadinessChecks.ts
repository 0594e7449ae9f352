import * as Schema from "effect/Schema"

/** A number that is unknown until it is first measured. */
const measured = <S extends Schema.Top>(schema: S, description: string) =>
  Schema.NullOr(schema).annotate({ description: `${description}. null before the first look` })

/** What a process needs of a database, and whether it has it. */
const databaseChecks = {
  database: Schema.Boolean.annotate({ description: "It answers" }),
  writable: Schema.Boolean.annotate({ description: "It can store: it is no standby and not read-only" }),
  migrations: Schema.Boolean.annotate({ description: "It has exactly this version's schema" }),
  log_whole: Schema.Boolean.annotate({
    description: "No import into it has been begun and not ended: nothing else can be stored meanwhile"
  })
}

/** The checks of one partition, if the log has several. */
export const PartitionChecks = Schema.Struct({
  partition: Schema.Natural,
  server: Schema.String.annotate({ description: "The name of its server" }),
  moving: Schema.Boolean.annotate({ description: "It is moving to another server" }),
  ...databaseChecks,
  running: Schema.Boolean.annotate({ description: "Its projections are fed" }),
  lag_events: measured(Schema.Natural, "Events of the partition that are not folded yet"),
  lag_seconds: measured(Schema.Finite, "Age of the oldest such event; 0 without any")
}).annotate({ identifier: "PartitionChecks" })
export type PartitionChecks = typeof PartitionChecks.Type

/**
 * What a process needs for its work, and whether it has it.
 *
 * Of several partitions, the checks of the database say what the best one has: the process serves
 * it. `projections` are those of all.
 */
export const ReadinessChecks = Schema.Struct({
  ...databaseChecks,
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
  }),
  partitions: Schema.optionalKey(Schema.Array(PartitionChecks).annotate({ description: "Each partition, if there are several" }))
}).annotate({ identifier: "ReadinessChecks" })
export type ReadinessChecks = typeof ReadinessChecks.Type
