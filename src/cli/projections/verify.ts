import { PgClient } from "@effect/sql-pg"
import { Argument, CliError, Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { EventLog } from "../../event-log/EventLog.ts"
import type { ProjectionStore } from "../../projections/tables/ProjectionStore.ts"
import { wrongBuckets } from "../../projections/tables/readRanking.ts"
import { ProjectionCatalog } from "../../projections/versions/ProjectionCatalog.ts"
import { slicesWithEvents } from "../../projections/versions/slicesWithEvents.ts"
import { rowsWithoutEvents, verifySlice } from "../../projections/versions/verifyProjection.ts"
import { CommandFailed, explained } from "../CommandFailed.ts"
import { print } from "../print.ts"
import { projectionsLayer } from "./projectionsLayer.ts"
import { activeStoreOf, activeVersionOf, storeOf, title } from "./projectionVersion.ts"

/** Most differences printed of one version; all are counted. */
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
      const { failing, stores } = yield* ProjectionCatalog
      const names = Option.isSome(name)
        ? [name.value]
        : [...new Set([...stores.map(({ projection }) => projection.name), ...failing.map(({ projection }) => projection)])]
      let [differences, unverified] = [0, 0]
      for (const named of names) {
        const active = yield* activeVersionOf(named)
        const isFailing = failing.some(({ projection, version }) => projection === named && version === active)
        const store = Option.isSome(version) || isFailing ? undefined : yield* activeStoreOf(named)
        if (store !== undefined) differences += yield* verifyVersion(store)
        else if (Option.isNone(name)) unverified += isFailing ? 1 : 0
        // Of one that fails, this says why.
        else {differences += yield* verifyVersion(
            yield* storeOf(named, Option.isNone(version) && isFailing ? Option.fromUndefinedOr(active) : version)
          )}
      }
      if (differences === 0 && unverified > 0) {
        return yield* new CommandFailed({ message: `${unverified} projections were not verified: they fail on the sample log.` })
      }
      if (differences === 0) return
      return yield* new CommandFailed({
        message: `${differences} differences: projections rebuild NAME --version N --tenant TENANT --user USER puts one user right.`
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

const verifyVersion = Effect.fnUntraced(function*(store: ProjectionStore) {
  const sql = yield* PgClient.PgClient
  const log = yield* EventLog
  const { acceptSource } = yield* ProjectionCatalog
  let [events, users, parked, found] = [0, 0, 0, 0]
  const tell = (line: string) => Effect.suspend(() => found++ < maxPrinted ? print(line) : Effect.void)
  for (const slice of yield* slicesWithEvents(sql)) {
    const verified = yield* verifySlice({ sql, log }, store, slice)
    events += verified.events
    users += verified.users
    parked += verified.parked
    for (const { column, expected, row, stored, userId } of verified.differences) {
      yield* tell(
        `${title(store)}: ${[userId, row, column].filter((part) => part !== "").join(" ")} is ${stored ?? "missing"}, should be ${
          expected ?? "absent"
        }`
      )
    }
  }
  for (const { userId } of yield* rowsWithoutEvents(sql, store)) yield* tell(`${title(store)}: ${userId} has rows but no events`)
  const wrong = yield* wrongBuckets(sql, store)
  if (wrong > 0) {
    yield* tell(`${title(store)}: ${wrong} buckets of its ranks count wrongly: projections rebuild ${store.projection.name} --again`)
  }
  if (found === 0) yield* acceptSource(store)
  yield* print(`${title(store)}: ${events} events of ${users} users verified, ${parked} users parked, ${found} differences`)
  return found
})
