import { Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ProjectionVersions } from "../../projections/versions/ProjectionVersions.ts"
import { explained } from "../CommandFailed.ts"
import { print } from "../print.ts"
import { describe } from "./describeComparison.ts"
import { projectionsLayer } from "./projectionsLayer.ts"
import { nameOfProjection, versionFlag } from "./projectionVersion.ts"
import { makeProgressLine } from "./rebuildProgress.ts"

/**
 * `projections diff NAME`: whose numbers a version changes, and by how much; with `--sample 1%` in
 * seconds, from a part of the users.
 */
export const diff = Command.make(
  "diff",
  {
    name: nameOfProjection,
    version: versionFlag,
    sample: Flag.String("sample").pipe(
      Flag.withDescription("Compare only a part of the users, say 1%, after rebuilding just theirs"),
      Flag.filterMap(
        (text) =>
          /^\d{1,3}(\.\d+)?%$/.test(text) && Number.parseFloat(text) > 0 && Number.parseFloat(text) <= 100
            ? Option.some(Number.parseFloat(text) / 100)
            : Option.none(),
        (text) => `Expected a percentage such as 1%, got "${text}"`
      ),
      Flag.optional
    )
  },
  Effect.fnUntraced(
    function*({ name, sample, version }) {
      const { end, show } = yield* makeProgressLine
      const comparison = yield* (yield* ProjectionVersions).diff(
        { name, version: Option.getOrUndefined(version) },
        { sample: Option.getOrUndefined(sample), onProgress: show }
      )
      yield* end
      yield* print(...(yield* describe(comparison)))
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("Show what a version changes against the active one"))
