import { Argument, CliError, Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { versionId } from "../../projections/feed/VersionRef.ts"
import { lowerThreadPriority } from "../../projections/runner/lowerThreadPriority.ts"
import type { VersionName } from "../../projections/versions/findVersion.ts"
import { ProjectionVersions } from "../../projections/versions/ProjectionVersions.ts"
import { Tenants } from "../../tenants/Tenants.ts"
import { UserId } from "../../values/UserId.ts"
import { CommandFailed, explained } from "../CommandFailed.ts"
import { print } from "../print.ts"
import { KnownProjections } from "./KnownProjections.ts"
import { projectionsLayer } from "./projectionsLayer.ts"
import { nameOfProjection, versionFlag } from "./projectionVersion.ts"
import { makeProgressLine } from "./rebuildProgress.ts"

/**
 * `projections rebuild NAME …`: makes versions' rows from the log while the service goes on;
 * `--user` those of one user.
 */
export const rebuild = Command.make(
  "rebuild",
  {
    names: nameOfProjection.pipe(Argument.variadic()),
    all: Flag.Boolean("all").pipe(
      Flag.withDescription("Every projection whose newest version is still to be rebuilt, from one reading of the log"),
      Flag.withDefault(false)
    ),
    version: versionFlag,
    again: Flag.Boolean("again").pipe(
      Flag.withDescription(
        "Throw the versions' rows away first, also if their code has changed: for development, their readers see half a rebuild"
      ),
      Flag.withDefault(false)
    ),
    tenant: Flag.String("tenant").pipe(Flag.withDescription("With --user: the user's tenant"), Flag.optional),
    user: Flag.String("user").pipe(Flag.withDescription("Only this user's rows; safe while the service runs"), Flag.optional)
  },
  Effect.fnUntraced(function*({ again, all, names, tenant, user, version }) {
    const known = (yield* KnownProjections).map(({ name }) => name)
    const remade = [...new Set(all ? known : names)]
    const layer = projectionsLayer(again ? remade.map((name) => ({ name, version: Option.getOrUndefined(version) })) : [])
    const [name] = names
    yield* lowerThreadPriority
    const number = Option.getOrUndefined(version)
    if (Option.isSome(user) && Option.isSome(tenant) && name !== undefined) {
      return yield* Effect.provide(ofUser({ name, version: number }, tenant.value, UserId(user.value)), layer)
    }
    yield* Effect.provide(ofAll(all ? "AllToBeRebuilt" : names.map((name) => ({ name, version: number }))), layer)
  }, explained)
).pipe(
  Command.withDescription("Make versions' rows from the log, beside the running service; what was stopped goes on where it was"),
  Command.withExamples([
    { command: "projections rebuild casino", description: "The newest version of one projection" },
    { command: "projections rebuild casino payments", description: "Several, from one reading of the log" },
    { command: "projections rebuild casino --tenant brand-a --user player-17", description: "One user's rows" }
  ]),
  Command.validate(({ again, all, names, tenant, user, version }) => {
    const wrong = all === names.length > 0
      ? "Name the projections to rebuild, or say --all"
      : (Option.isSome(version) || Option.isSome(user)) && names.length !== 1
      ? "--version and --user go with the name of one projection"
      : Option.isSome(user) !== Option.isSome(tenant) || (again && Option.isSome(user))
      ? "--user and --tenant go together, and without --again"
      : undefined
    return wrong === undefined ? Effect.void : Effect.fail(new CliError.ValidationError({ message: wrong }))
  })
)

const ofUser = Effect.fnUntraced(function*(version: VersionName, tenantName: string, userId: UserId) {
  const { tenantId } = yield* (yield* Tenants).get(tenantName)
  const rebuilt = yield* (yield* ProjectionVersions).rebuildUser(version, { tenantId, userId })
  if (!rebuilt.isParked) return yield* print(`${versionId(rebuilt)}: the rows of ${userId} are rebuilt.`)
  const { name } = version
  return yield* new CommandFailed({
    message: `${versionId(rebuilt)} still cannot fold the events of ${userId}, who stays parked: \`projections parked ${name}\` says why.`
  })
})

const ofAll = Effect.fnUntraced(function*(which: ReadonlyArray<VersionName> | "AllToBeRebuilt") {
  const { end, show } = yield* makeProgressLine
  let rebuilt = 0
  yield* (yield* ProjectionVersions).rebuild(which, {
    onProgress: show,
    onRebuilt: Effect.fnUntraced(function*({ activeVersion, done, isFirst, projection, total }) {
      yield* end
      rebuilt++
      const { name, version } = projection
      yield* print(`${versionId(projection)} is rebuilt: ${done} of ${total} events, and is fed with the others from now on.`)
      if (isFirst) yield* print(`It is the first of its name, so it is active now.`)
      else if (activeVersion !== version) {
        yield* print(`Next: projections diff ${name}, to see what it changes against v${activeVersion}; then projections activate ${name}.`)
      }
    })
  })
  if (rebuilt === 0) yield* print("Nothing is left to be rebuilt.")
})
