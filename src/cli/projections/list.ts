import { Command } from "effect/cli"
import * as Effect from "effect/Effect"
import { sourceChanged } from "../../projections/versions/ProjectionCatalog.ts"
import { ProjectionVersions } from "../../projections/versions/ProjectionVersions.ts"
import { explained } from "../CommandFailed.ts"
import { formatTable } from "../formatTable.ts"
import { print } from "../print.ts"
import { projectionsLayer } from "./projectionsLayer.ts"

const states = { Active: "active", PartlyActive: "active for some users", Following: "following", ToBeRebuilt: "to be rebuilt" }
const codes = { Runs: [], FailsOnSampleLog: ["fails on the sample log"], NotInThisCode: ["not in this code"] }

/** `projections list`: every version the database knows, its state and how far it is. */
export const list = Command.make(
  "list",
  {},
  Effect.fnUntraced(
    function*() {
      const versions = yield* (yield* ProjectionVersions).list
      yield* print(...formatTable(
        ["PROJECTION", "VERSION", "STATE", "EVENTS DONE", "BEHIND", "PARKED"],
        versions.map(({ behind, code, done, isSourceChanged, name, parked, state, version }) => [
          name,
          String(version),
          [states[state], ...codes[code], ...isSourceChanged ? ["source changed"] : []].join(", "),
          String(done),
          String(behind),
          String(parked)
        ])
      ))
      const changed = versions.filter(({ isSourceChanged }) => isSourceChanged)
      if (changed.length > 0) yield* print("", ...changed.map(sourceChanged))
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("List the versions and how far each has come"))
