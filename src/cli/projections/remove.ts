import { PgClient } from "@effect/sql-pg"
import { Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { removeVersion } from "../../projections/versions/removeVersion.ts"
import { CommandFailed, explained } from "../CommandFailed.ts"
import { print } from "../print.ts"
import { projectionsLayer } from "./projectionsLayer.ts"
import { nameOfProjection, storeOf, title } from "./projectionVersion.ts"

/**
 * `projections remove NAME --version N`: forgets a version that is not needed any more, with its
 * rows.
 */
export const remove = Command.make(
  "remove",
  { name: nameOfProjection, version: Flag.Int("version").pipe(Flag.withDescription("The version to forget; not the active one")) },
  Effect.fnUntraced(
    function*({ name, version }) {
      const store = yield* storeOf(name, Option.some(version))
      if (!(yield* removeVersion(yield* PgClient.PgClient, store))) {
        return yield* new CommandFailed({ message: `${title(store)} is the active version: activate another first.` })
      }
      yield* print(
        `${title(store)} is forgotten, its tables are dropped.`,
        "Take it out of src/projections/catalog/catalog.ts too: the next start of this code would make it known again."
      )
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("Forget a version that is not read any more, and drop its tables"))
