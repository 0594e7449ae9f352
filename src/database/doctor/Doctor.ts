import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { SqlClient } from "effect/sql"
import { statfs } from "node:fs/promises"
import { resolve } from "node:path"
import { cli } from "../../platform/cli.ts"
import { Settings } from "../../platform/Settings.ts"
import { isShared, readSession, refusalOf, type SessionUnfit } from "../checkSession.ts"
import { sqlState } from "../classifySqlError.ts"
import { connectionsOfJobs, connectionsOfService } from "../connections.ts"
import { DatabaseUnavailable } from "../DatabaseUnavailable.ts"
import { DatabaseUrl } from "../DatabaseUrl.ts"
import { knownMigrations, missingMigrations } from "../Migrations.ts"
import { readReplicationFacts } from "../replicationFacts.ts"
import { type Finding, ok, warning, wrong } from "./Finding.ts"
import {
  judgeClock,
  judgeConnections,
  judgeDisk,
  judgeDurability,
  judgeMoves,
  judgeReplication,
  judgeServer,
  judgeSession,
  judgeWay
} from "./judgeDatabase.ts"
import { judgeSettings, judgeZones } from "./judgeSettings.ts"
import { readClock, readFacts, readSlots, readStandbys, readTables } from "./readFacts.ts"

const judgeSchema = Effect.gen(function*() {
  const outcome = yield* Effect.result(missingMigrations)
  if (Result.isFailure(outcome)) {
    const { failure } = outcome
    if (failure._tag === "SchemaMismatch") return wrong("schema", failure.message)
    // Insufficient privilege.
    if (sqlState(failure) === "42501") return wrong("schema", "the role may not read which migrations the database has")
    return yield* failure
  }
  const missing = outcome.success
  const migrate = `${cli} migrate`
  if (missing.length === 0) return ok("schema", `this version's, ${knownMigrations.at(-1)}`)
  return missing.length === knownMigrations.length
    ? warning("schema", "the database was never migrated; serve does it too", migrate)
    : warning("schema", `behind this version by ${missing.join(", ")}; serve migrates too`, migrate)
})

/** The size and the free bytes of the file system of a folder. */
const freeSpace = (folder: string) =>
  Effect.promise(() =>
    statfs(folder).then(
      ({ bavail, blocks, bsize }) => ({ bytes: bavail * bsize, of: blocks * bsize, folder }),
      () => undefined
    )
  )

/** How many databases the log has, and how many of them are on the server of this one. */
export const DatabasesOfService = Context.Reference<{ readonly all: number; readonly onServer: number }>(
  "playtally/database/doctor/DatabasesOfService",
  { defaultValue: () => ({ all: 1, onServer: 1 }) }
)

/** Examines the database and the settings. */
export class Doctor extends Context.Service<Doctor, {
  /**
   * All findings, in a fixed order.
   *
   * They answer whether the server can do what is asked, whether it keeps what it takes, and how it
   * is reached. Then they say which servers follow it, what it holds, and how the service is set
   * up. It changes nothing, and works on a standby and before any migration.
   *
   * It fails with `SessionUnfit` if a pooler refuses its sessions, and with `DatabaseUnavailable`
   * if the database does not answer.
   */
  readonly examine: Effect.Effect<ReadonlyArray<Finding>, DatabaseUnavailable | SessionUnfit>
  /** Those findings that are about the database, and not about how the service is set up. */
  readonly examineDatabase: Effect.Effect<ReadonlyArray<Finding>, DatabaseUnavailable | SessionUnfit>
}>()("playtally/database/doctor/Doctor") {
  /**
   * It needs clients that did not check their sessions: others do not open if something is wrong.
   */
  static readonly layer = Layer.effect(
    Doctor,
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const settings = yield* Settings
      const { embedded, pooler, target } = yield* DatabaseUrl
      const databases = yield* DatabasesOfService
      const examineDatabase = Effect.gen(function*() {
        const session = yield* readSession(sql)
        const schema = yield* judgeSchema
        const facts = yield* readFacts(sql)
        const replication = judgeReplication(facts, yield* readStandbys(sql), yield* readSlots(sql))
        return [
          ...judgeServer(facts, { isMigrated: schema.level === "ok" }),
          schema,
          ...judgeDurability(facts),
          judgeWay(facts, target),
          ...judgeSession(session, { pooler, isShared: yield* isShared(sql) }),
          judgeConnections(facts, {
            perStart: connectionsOfService(settings.processes, databases.all) * databases.onServer,
            jobs: connectionsOfJobs(databases.all) * databases.onServer
          }),
          ...replication,
          judgeMoves(yield* readReplicationFacts(sql)),
          ...judgeDisk(facts, yield* readTables(sql), embedded ? yield* freeSpace(resolve(settings.dataDir)) : undefined),
          judgeClock(yield* readClock(sql, Date.now))
        ]
      }).pipe(
        Effect.catchTag("SqlError", (cause) => Effect.fail(refusalOf(cause) ?? new DatabaseUnavailable({ operation: "examine", cause }))),
        Effect.provideService(SqlClient.SqlClient, sql),
        Effect.withSpan("Doctor.examine")
      )
      const examine = Effect.map(examineDatabase, (findings) => [...findings, judgeZones, ...judgeSettings(settings)])
      return Doctor.of({ examine, examineDatabase })
    })
  )
}
