import { Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { versionId } from "../../projections/feed/VersionRef.ts"
import { ProjectionVersions } from "../../projections/versions/ProjectionVersions.ts"
import { explained } from "../CommandFailed.ts"
import { print } from "../print.ts"
import { describe } from "./describeComparison.ts"
import { projectionsLayer } from "./projectionsLayer.ts"
import { nameOfProjection, versionFlag } from "./projectionVersion.ts"

const withParked = Flag.Boolean("with-parked").pipe(
  Flag.withDescription("Although users are parked in the version"),
  Flag.withDefault(false)
)
const replaceViews = Flag.Boolean("replace-views").pipe(
  Flag.withDescription("Remake SQL views whose columns change other than by more at the end; grants are kept"),
  Flag.withDefault(false)
)

/**
 * `projections activate NAME`: has readers read a rebuilt version; one that changes numbers needs
 * `--accept`.
 */
export const activate = Command.make(
  "activate",
  {
    name: nameOfProjection,
    version: versionFlag,
    accept: Flag.Boolean("accept").pipe(Flag.withDescription("Also if it changes numbers"), Flag.withDefault(false)),
    withParked,
    replaceViews
  },
  Effect.fnUntraced(
    function*({ accept, name, version, ...options }) {
      const versions = yield* ProjectionVersions
      const activation = yield* versions.activate(
        { name, version: Option.getOrUndefined(version) },
        { ...options, acceptChanges: accept }
      ).pipe(
        Effect.tapErrorTag(
          "ActivationRefused",
          ({ comparison }) => comparison === undefined ? Effect.void : Effect.flatMap(describe(comparison), (lines) => print(...lines))
        )
      )
      const { before } = activation
      yield* print(
        `${versionId(activation)} is active.${before === undefined ? "" : ` projections rollback ${name} goes back to v${before}.`}`
      )
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("Have readers read a rebuilt version, from one moment to the next"))

/**
 * `projections rollback NAME`: has readers read the version before, which has been fed all along.
 */
export const rollback = Command.make(
  "rollback",
  { name: nameOfProjection, withParked, replaceViews },
  Effect.fnUntraced(
    function*({ name, ...options }) {
      const activation = yield* (yield* ProjectionVersions).rollback(name, options)
      yield* print(`${versionId(activation)} is active again.`)
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("Go back to the version that was active before"))
