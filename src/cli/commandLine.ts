import * as NodeServices from "@effect/platform-node/NodeServices"
import { Command } from "effect/cli"
import * as Effect from "effect/Effect"
import packageJson from "../../package.json" with { type: "json" }
import { cluster } from "./cluster.ts"
import { database } from "./database.ts"
import { demo } from "./demo.ts"
import { doctor } from "./doctor.ts"
import { events } from "./events.ts"
import { explain } from "./explain.ts"
import { keys } from "./keys.ts"
import { migrate } from "./migrate.ts"
import { partitions } from "./partitions.ts"
import { projections } from "./projections.ts"
import { projectionsFlag } from "./projectionsFlag.ts"
import { rejected } from "./rejected.ts"
import { serve } from "./serve.ts"
import { tenants } from "./tenants.ts"
import { users } from "./users.ts"
import { withLogOutput } from "./withLogOutput.ts"

/** The command line: one of the commands, as the arguments of the process have it. */
export const commandLine = Command.make("playtally").pipe(
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
  Command.withGlobalFlags([projectionsFlag]),
  Command.run({ version: packageJson.version }),
  withLogOutput,
  Effect.provide(NodeServices.layer)
)
