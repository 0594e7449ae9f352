import { Command } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { versionId } from "../../projections/feed/VersionRef.ts"
import { ProjectionVersions } from "../../projections/versions/ProjectionVersions.ts"
import { CommandFailed, explained } from "../CommandFailed.ts"
import { formatTable } from "../formatTable.ts"
import { print } from "../print.ts"
import { projectionsLayer } from "./projectionsLayer.ts"
import { onlyProjection } from "./projectionVersion.ts"

/** `projections parked [NAME]`: whose events a version could not fold, and why. */
export const parked = Command.make(
  "parked",
  { name: onlyProjection },
  Effect.fnUntraced(
    function*({ name }) {
      const users = yield* (yield* ProjectionVersions).parked(Option.getOrUndefined(name))
      if (users.length === 0) return yield* print("Nobody is parked.")
      yield* print(...formatTable(
        ["PROJECTION", "TENANT", "USER", "SLICE", "POSITION", "ERROR"],
        users.map(({ error, position, projection, slice, tenant, userId, version }) => [
          versionId({ name: projection, version }),
          tenant,
          userId,
          String(slice),
          String(position),
          error
        ])
      ))
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("List the users whose events a version could not fold"))

/**
 * `projections unpark [NAME]`: folds all events of the parked users again, with the code of now.
 */
export const unpark = Command.make(
  "unpark",
  { name: onlyProjection },
  Effect.fnUntraced(
    function*({ name }) {
      const { freed, stillParked } = yield* (yield* ProjectionVersions).unpark(
        Option.getOrUndefined(name),
        (user) => print(`${versionId(user)}: ${user.userId} ${user.isParked ? "still cannot be folded" : "is fed again"}`)
      )
      yield* print(`${freed} users are fed again, ${stillParked} stay parked.`)
      if (stillParked > 0) return yield* new CommandFailed({ message: "Some cannot be folded yet: projections parked says why." })
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("Fold the parked users' events again, after the code was mended"))
