import { PgClient } from "@effect/sql-pg"
import { CliError, Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { EventLog } from "../../event-log/EventLog.ts"
import { activateVersion } from "../../projections/activateVersion.ts"
import { rebuild as rebuildVersion } from "../../projections/rebuild.ts"
import { rebuildUser } from "../../projections/rebuildUser.ts"
import { Tenants } from "../../tenants/Tenants.ts"
import { CommandFailed, explained } from "../CommandFailed.ts"
import { print } from "../print.ts"
import { projectionsLayer } from "./projectionsLayer.ts"
import { activeStoreOf, nameOfProjection, storeOf, title, versionFlag } from "./projectionVersion.ts"
import { endProgress, showProgress } from "./rebuildProgress.ts"

/** `projections rebuild NAME`: makes a version's rows from the log while the service goes on; `--user` those of one user. */
export const rebuild = Command.make(
  "rebuild",
  {
    name: nameOfProjection,
    version: versionFlag,
    again: Flag.Boolean("again").pipe(
      Flag.withDescription(
        "Throw the version's rows away first, also if its code has changed: for development, its readers see half a rebuild"
      ),
      Flag.withDefault(false)
    ),
    tenant: Flag.String("tenant").pipe(Flag.withDescription("With --user: the user's tenant"), Flag.optional),
    user: Flag.String("user").pipe(Flag.withDescription("Only this user's rows; safe while the service runs"), Flag.optional)
  },
  Effect.fnUntraced(function*({ again, name, tenant, user, version }) {
    const layer = projectionsLayer(again ? { name, version: Option.getOrUndefined(version) } : undefined)
    if (Option.isSome(user) && Option.isSome(tenant)) {
      return yield* Effect.provide(ofUser(name, version, tenant.value, user.value), layer)
    }
    yield* Effect.provide(ofAll(name, version), layer)
  }, explained)
).pipe(
  Command.withDescription("Make a version's rows from the log, beside the running service; one that was stopped goes on where it was"),
  Command.validate(({ again, tenant, user }) =>
    Option.isSome(user) !== Option.isSome(tenant) || (again && Option.isSome(user))
      ? Effect.fail(new CliError.ValidationError({ message: "--user and --tenant go together, and without --again" }))
      : Effect.void
  )
)

const ofUser = Effect.fnUntraced(function*(name: string, version: Option.Option<number>, tenantName: string, userId: string) {
  const sql = yield* PgClient.PgClient
  const log = yield* EventLog
  const { tenantId } = yield* (yield* Tenants).get(tenantName)
  const active = yield* activeStoreOf(name)
  const store = Option.isNone(version) && active !== undefined ? active : yield* storeOf(name, version)
  const fed = yield* rebuildUser(sql, log, store, { tenantId, userId })
  if (fed) return yield* print(`${title(store)}: the rows of ${userId} are made anew.`)
  return yield* new CommandFailed({
    message: `${title(store)} still cannot fold the events of ${userId}, who stays parked: \`projections parked ${name}\` says why.`
  })
})

const ofAll = Effect.fnUntraced(function*(name: string, version: Option.Option<number>) {
  const sql = yield* PgClient.PgClient
  const log = yield* EventLog
  const store = yield* storeOf(name, version)
  const onProgress = yield* showProgress
  const { done, total } = yield* rebuildVersion(sql, log, store, { onProgress })
  yield* endProgress
  yield* print(`${title(store)} is rebuilt: ${done} of ${total} events, and is fed with the others from now on.`)
  const active = yield* activeStoreOf(name)
  if (active === undefined) {
    yield* activateVersion(sql, store, { withParked: false, replaceViews: false })
    return yield* print(`It is the first of its name, so it is active now.`)
  }
  if (active !== store) {
    yield* print(
      `Next: projections diff ${name}, to see what it changes against v${active.projection.version}; then projections activate ${name}.`
    )
  }
})
