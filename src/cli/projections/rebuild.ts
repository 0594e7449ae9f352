import { PgClient } from "@effect/sql-pg"
import { Argument, CliError, Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { EventLog } from "../../event-log/EventLog.ts"
import { newestVersions } from "../../projections/projection/newestVersions.ts"
import { lowerThreadPriority } from "../../projections/runner/lowerThreadPriority.ts"
import type { ProjectionStore } from "../../projections/tables/ProjectionStore.ts"
import { activateVersion } from "../../projections/versions/activateVersion.ts"
import { ProjectionCatalog } from "../../projections/versions/ProjectionCatalog.ts"
import { rebuild as rebuildVersions } from "../../projections/versions/rebuild.ts"
import { rebuildUser } from "../../projections/versions/rebuildUser.ts"
import { Tenants } from "../../tenants/Tenants.ts"
import { CommandFailed, explained } from "../CommandFailed.ts"
import { print } from "../print.ts"
import { KnownProjections } from "./KnownProjections.ts"
import { projectionsLayer } from "./projectionsLayer.ts"
import { activeStoreOf, activeVersionOf, nameOfProjection, storeOf, title, versionFlag } from "./projectionVersion.ts"
import { endProgress, showProgress } from "./rebuildProgress.ts"

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
    if (Option.isSome(user) && Option.isSome(tenant) && name !== undefined) {
      return yield* Effect.provide(ofUser(name, version, tenant.value, user.value), layer)
    }
    yield* Effect.provide(all ? Effect.flatMap(stillToBuild, ofAll) : Effect.flatMap(named(names, version), ofAll), layer)
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

/** The versions named, each once. */
const named = (names: ReadonlyArray<string>, version: Option.Option<number>) =>
  Effect.forEach([...new Set(names)], (name) => storeOf(name, version))

/** The newest version of every projection, if it is not fed with the others yet. */
const stillToBuild = Effect.gen(function*() {
  const { following, stores } = yield* ProjectionCatalog
  const fed = new Set(yield* following)
  const newest = newestVersions(stores.map(({ projection }) => projection))
  return stores.filter((store) => newest.includes(store.projection) && !fed.has(store))
})

const ofUser = Effect.fnUntraced(function*(name: string, version: Option.Option<number>, tenantName: string, userId: string) {
  const sql = yield* PgClient.PgClient
  const log = yield* EventLog
  const { tenantId } = yield* (yield* Tenants).get(tenantName)
  const active = yield* activeStoreOf(name)
  const store = Option.isNone(version) && active !== undefined ? active : yield* storeOf(name, version)
  const fed = yield* rebuildUser({ sql, log }, store, { tenantId, userId })
  if (fed) return yield* print(`${title(store)}: the rows of ${userId} are made anew.`)
  return yield* new CommandFailed({
    message: `${title(store)} still cannot fold the events of ${userId}, who stays parked: \`projections parked ${name}\` says why.`
  })
})

const ofAll = Effect.fnUntraced(function*(stores: ReadonlyArray<ProjectionStore>) {
  if (stores.length === 0) return yield* print("Nothing is left to be rebuilt.")
  // Those that rank users go through the log in smaller steps, and the others need not wait for
  // them.
  const isRanked = ({ projection }: ProjectionStore) => projection.ranking !== undefined
  for (const together of [stores.filter((store) => !isRanked(store)), stores.filter(isRanked)]) {
    if (together.length > 0) yield* rebuildTogether(together)
  }
})

const rebuildTogether = Effect.fnUntraced(function*(stores: ReadonlyArray<ProjectionStore>) {
  const sql = yield* PgClient.PgClient
  const log = yield* EventLog
  const onProgress = yield* showProgress
  const { done, total } = yield* rebuildVersions({ sql, log }, stores, { onProgress })
  yield* endProgress
  for (const store of stores) {
    const { name } = store.projection
    yield* print(`${title(store)} is rebuilt: ${done} of ${total} events, and is fed with the others from now on.`)
    const active = yield* activeVersionOf(name)
    if (active === undefined) {
      yield* activateVersion(sql, store, { withParked: false, replaceViews: false })
      yield* print(`It is the first of its name, so it is active now.`)
    } else if (active !== store.projection.version) {
      yield* print(
        `Next: projections diff ${name}, to see what it changes against v${active}; then projections activate ${name}.`
      )
    }
  }
})
