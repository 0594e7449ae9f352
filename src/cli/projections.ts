import { Command } from "effect/cli"
import { activate, rollback } from "./projections/activate.ts"
import { diff } from "./projections/diff.ts"
import { list } from "./projections/list.ts"
import { newProjection } from "./projections/newProjection.ts"
import { newVersion } from "./projections/newVersion.ts"
import { parked, unpark } from "./projections/parked.ts"
import { rebuild } from "./projections/rebuild.ts"
import { remove } from "./projections/remove.ts"
import { verify } from "./projections/verify.ts"

/**
 * `projections list | new | new-version | rebuild | diff | activate | rollback | remove | verify |
 * parked | unpark`.
 */
export const projections = Command.make("projections").pipe(
  Command.withDescription("Counters from the log: their versions, and changing them"),
  Command.withSubcommands([list, newProjection, newVersion, rebuild, diff, activate, rollback, remove, verify, parked, unpark])
)
