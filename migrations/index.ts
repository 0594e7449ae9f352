import createEventLog from "./0001_create_event_log.ts"
import createTenants from "./0002_create_tenants.ts"
import createRejectedEvents from "./0003_create_rejected_events.ts"
import createProjections from "./0004_create_projections.ts"
import createTimeZoneMoves from "./0005_create_time_zone_moves.ts"
import createErasure from "./0006_create_erasure.ts"
import createLongestRun from "./0007_create_longest_run.ts"
import createUnfinishedErasures from "./0008_create_unfinished_erasures.ts"
import addCutNames from "./0009_add_cut_names.ts"
import createUserRebuilds from "./0010_create_user_rebuilds.ts"
import createLogHistories from "./0011_create_log_histories.ts"
import createGenerations from "./0012_create_generations.ts"
import addWeekStartToMoves from "./0013_add_week_start_to_moves.ts"
import addVersionSources from "./0014_add_version_sources.ts"
import createBootstrapKeys from "./0015_create_bootstrap_keys.ts"
import createPartitions from "./0016_create_partitions.ts"
import createPartitionMoves from "./0017_create_partition_moves.ts"
import createConsole from "./0018_create_console.ts"
import letEventsLeave from "./0019_let_events_leave.ts"
import createJobs from "./0020_create_jobs.ts"
import createSplitCounts from "./0021_create_split_counts.ts"

/**
 * Every migration under `<id>_<name>`, forward only: one is never changed or removed once it has
 * been released.
 */
export const migrations = {
  "0001_create_event_log": createEventLog,
  "0002_create_tenants": createTenants,
  "0003_create_rejected_events": createRejectedEvents,
  "0004_create_projections": createProjections,
  "0005_create_time_zone_moves": createTimeZoneMoves,
  "0006_create_erasure": createErasure,
  "0007_create_longest_run": createLongestRun,
  "0008_create_unfinished_erasures": createUnfinishedErasures,
  "0009_add_cut_names": addCutNames,
  "0010_create_user_rebuilds": createUserRebuilds,
  "0011_create_log_histories": createLogHistories,
  "0012_create_generations": createGenerations,
  "0013_add_week_start_to_moves": addWeekStartToMoves,
  "0014_add_version_sources": addVersionSources,
  "0015_create_bootstrap_keys": createBootstrapKeys,
  "0016_create_partitions": createPartitions,
  "0017_create_partition_moves": createPartitionMoves,
  "0018_create_console": createConsole,
  "0019_let_events_leave": letEventsLeave,
  "0020_create_jobs": createJobs,
  "0021_create_split_counts": createSplitCounts
}
