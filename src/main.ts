import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Command } from "effect/cli"
import * as Effect from "effect/Effect"
import packageJson from "../package.json" with { type: "json" }
import { cluster } from "./cli/cluster.ts"
import { database } from "./cli/database.ts"
import { demo } from "./cli/demo.ts"
import { doctor } from "./cli/doctor.ts"
import { events } from "./cli/events.ts"
import { explain } from "./cli/explain.ts"
import { keys } from "./cli/keys.ts"
import { migrate } from "./cli/migrate.ts"
import { partitions } from "./cli/partitions.ts"
import { projections } from "./cli/projections.ts"
import { rejected } from "./cli/rejected.ts"
import { serve } from "./cli/serve.ts"
import { stopOnSignal } from "./cli/stopOnSignal.ts"
import { tenants } from "./cli/tenants.ts"
import { users } from "./cli/users.ts"
import { withLogOutput } from "./cli/withLogOutput.ts"

Command.make("playtally").pipe(
  Command.withDescription("Event-sourced counters for gamification from FastTrack's bulk events"),
  Command.withSubcommands([
    serve,
    migrate,
    doctor,
    database,
    tenants,
    keys,
    users,
    rejected,
    events,
    explain,
    projections,
    partitions,
    cluster,
    demo
  ]),
  Command.run({ version: packageJson.version }),
  withLogOutput,
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ teardown: stopOnSignal })
)
