import { Argument, CliError, Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { versionId } from "../../projections/feed/VersionRef.ts"
import type { AnyProjection } from "../../projections/projection/Projection.ts"
import { describeFinding } from "../../projections/versions/describeFinding.ts"
import { ProjectionVersions } from "../../projections/versions/ProjectionVersions.ts"
import type { Finding } from "../../projections/versions/verifyVersion.ts"
import { CommandFailed, explained } from "../CommandFailed.ts"
import { print } from "../print.ts"
import { projectionsLayer } from "./projectionsLayer.ts"

/** Most findings printed of one version; all are counted. */
const maxPrinted = 50

/**
 * `projections verify [NAME] [--version N]`: folds the log again beside the live rows and names
 * every difference.
 */
export const verify = Command.make(
  "verify",
  {
    name: Argument.String("projection").pipe(
      Argument.withDescription("Only this projection; all active ones unless given"),
      Argument.optional
    ),
    version: Flag.Int("version").pipe(Flag.withDescription("The version; the active one unless given"), Flag.optional)
  },
  Effect.fnUntraced(
    function*({ name, version }) {
      let printed = 0
      const { failing, findings } = yield* (yield* ProjectionVersions).verify(
        Option.match(name, { onNone: () => "AllActive" as const, onSome: (name) => ({ name, version: Option.getOrUndefined(version) }) }),
        {
          onFinding: (projection, finding) =>
            Effect.suspend(() =>
              printed++ < maxPrinted ? print(`${versionId(projection)}: ${describe(projection, finding)}`) : Effect.void
            ),
          onVerified: ({ events, findings, parked, projection, users }) => {
            printed = 0
            return print(
              `${versionId(projection)}: ${events} events of ${users} users verified, ${parked} users parked, ${findings} differences`
            )
          }
        }
      )
      if (findings === 0 && failing > 0) {
        return yield* new CommandFailed({ message: `${failing} projections were not verified: they fail on the sample log.` })
      }
      if (findings === 0) return
      return yield* new CommandFailed({
        message: `${findings} differences: projections rebuild NAME --version N --tenant TENANT --user USER puts one user right.`
      })
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(
  Command.withDescription("Fold the log again beside the live rows and name every difference"),
  Command.validate(({ name, version }) =>
    Option.isSome(version) && Option.isNone(name)
      ? Effect.fail(new CliError.ValidationError({ message: "--version goes with the name of a projection" }))
      : Effect.void
  )
)

const describe = ({ name }: AnyProjection, finding: Finding): string =>
  `${describeFinding(finding)}${finding._tag === "WrongBuckets" ? `: projections rebuild ${name} --again` : ""}`
