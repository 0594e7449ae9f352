import { PgClient } from "@effect/sql-pg"
import { Argument, Command } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { EventLog } from "../../event-log/EventLog.ts"
import { ProjectionCatalog } from "../../projections/ProjectionCatalog.ts"
import type { ProjectionStore } from "../../projections/ProjectionStore.ts"
import { wrongBuckets } from "../../projections/readRanking.ts"
import { slicesWithEvents } from "../../projections/slicesWithEvents.ts"
import { rowsWithoutEvents, verifySlice } from "../../projections/verifyProjection.ts"
import { CommandFailed, explained } from "../CommandFailed.ts"
import { print } from "../print.ts"
import { projectionsLayer } from "./projectionsLayer.ts"
import { activeStoreOf, storeOf, title } from "./projectionVersion.ts"

/** Most differences printed of one version; all are counted. */
const maxPrinted = 50

/** `projections verify [NAME]`: folds the log again beside the live rows and names every difference. */
export const verify = Command.make(
  "verify",
  {
    name: Argument.String("projection").pipe(
      Argument.withDescription("Only this projection; all active ones unless given"),
      Argument.optional
    )
  },
  Effect.fnUntraced(
    function*({ name }) {
      const { stores } = yield* ProjectionCatalog
      const names = Option.isSome(name) ? [name.value] : [...new Set(stores.map(({ projection }) => projection.name))]
      let differences = 0
      for (const named of names) {
        const active = yield* activeStoreOf(named)
        if (active === undefined && Option.isNone(name)) continue
        differences += yield* verifyVersion(active ?? (yield* storeOf(named, Option.none())))
      }
      if (differences === 0) return
      return yield* new CommandFailed({
        message: `${differences} differences: projections rebuild NAME --version N --tenant TENANT --user USER puts one user right.`
      })
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("Fold the log again beside the live rows and name every difference"))

const verifyVersion = Effect.fnUntraced(function*(store: ProjectionStore) {
  const sql = yield* PgClient.PgClient
  const log = yield* EventLog
  let [events, users, parked, found] = [0, 0, 0, 0]
  const tell = (line: string) => Effect.suspend(() => found++ < maxPrinted ? print(line) : Effect.void)
  for (const slice of yield* slicesWithEvents(sql)) {
    const verified = yield* verifySlice(sql, log, store, slice)
    events += verified.events
    users += verified.users
    parked += verified.parked
    for (const { column, expected, row, stored, userId } of verified.differences) {
      yield* tell(`${title(store)}: ${userId} ${row} ${column} is ${stored ?? "missing"}, should be ${expected ?? "absent"}`)
    }
  }
  for (const { userId } of yield* rowsWithoutEvents(sql, store)) yield* tell(`${title(store)}: ${userId} has rows but no events`)
  const wrong = yield* wrongBuckets(sql, store)
  if (wrong > 0) {
    yield* tell(`${title(store)}: ${wrong} buckets of its ranks count wrongly: projections rebuild ${store.projection.name} --again`)
  }
  yield* print(`${title(store)}: ${events} events of ${users} users verified, ${parked} users parked, ${found} differences`)
  return found
})
