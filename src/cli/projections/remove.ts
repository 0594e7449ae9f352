import { Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import { versionId } from "../../projections/feed/VersionRef.ts"
import { own } from "../../projections/own/ownProjections.ts"
import { ProjectionVersions } from "../../projections/versions/ProjectionVersions.ts"
import { explained } from "../CommandFailed.ts"
import { print } from "../print.ts"
import { projectionsLayer } from "./projectionsLayer.ts"
import { nameOfProjection } from "./projectionVersion.ts"

/** `projections remove NAME --version N`: forgets a version that is not needed, with its rows. */
export const remove = Command.make(
  "remove",
  { name: nameOfProjection, version: Flag.Int("version").pipe(Flag.withDescription("The version to forget; not the active one")) },
  Effect.fnUntraced(
    function*(version) {
      yield* (yield* ProjectionVersions).remove(version)
      yield* print(
        `${versionId(version)} is forgotten, its tables are dropped.`,
        own.projections.some(({ name }) => name === version.name)
          ? "Remove its file too: the next start with this folder would make it known again."
          : "Take it out of src/projections/catalog/catalog.ts too: the next start of this code would make it known again."
      )
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("Forget a version that is not read any more, and drop its tables"))
