import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { SqlClient } from "effect/sql"
import { connectionsOfJobs, connectionsOfService } from "../database/connections.ts"
import type { ConnectionTarget } from "../database/ConnectionTarget.ts"
import { Database } from "../database/Database.ts"
import { DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { DatabaseUrl } from "../database/DatabaseUrl.ts"
import { DatabasesOfService, Doctor } from "../database/doctor/Doctor.ts"
import { type Finding, ok, wrong } from "../database/doctor/Finding.ts"
import { missingMigrations } from "../database/Migrations.ts"
import { compareServed } from "../event-log/statements/servedSlices.ts"
import { Settings } from "../platform/Settings.ts"
import { differingTenants } from "../tenants/differingTenants.ts"
import { readDirectory, readIdentity } from "./PartitionDirectory.ts"
import { homeServer, onePartition, type PartitionEntry, type PartitionMap } from "./PartitionMap.ts"
import { PartitionServers } from "./PartitionServers.ts"

/**
 * `Doctor` over the partitions.
 *
 * With one partition it is that of the database. With several, findings say which partition they
 * are about. They also tell whether each database is the one that the directory means, and what
 * connections all of it comes to.
 */
export const spreadDoctor = Layer.effect(
  Doctor,
  Effect.gen(function*() {
    const home = yield* PgClient.PgClient
    const url = yield* DatabaseUrl
    const settings = yield* Settings
    const ambient = yield* Effect.context<PgClient.PgClient | DatabaseUrl | Settings>()

    const doctorAt = (databases: { readonly all: number; readonly onServer: number }) =>
      Layer.fresh(Doctor.layer).pipe(Layer.provide(Layer.succeed(DatabasesOfService, databases)))
    const examineAtHome = (databases: { readonly all: number; readonly onServer: number }, what: "examine" | "examineDatabase") =>
      Effect.flatMap(Doctor, (doctor) => doctor[what]).pipe(
        Effect.provide(doctorAt(databases).pipe(Layer.provide(Layer.succeedContext(ambient))), { local: true })
      )

    const examineAll = Effect.fnUntraced(function*(map: PartitionMap) {
      const found = yield* Effect.result(Layer.build(PartitionServers.layer))
      if (Result.isFailure(found)) return [wrong("servers", found.failure.message)]
      const { find } = yield* Effect.provide(PartitionServers, found.success)
      const places = yield* Effect.forEach(
        map,
        (entry) => Effect.map(Effect.result(find(entry.server)), (database) => ({ entry, database }))
      )
      const targets = places.flatMap(({ database }) => Result.isSuccess(database) ? [database.success.target] : [])
      const databasesAt = (target: ConnectionTarget) => ({
        all: map.length,
        onServer: targets.filter(({ host, port }) => host === target.host && port === target.port).length
      })
      const findings = yield* Effect.forEach(places, ({ database, entry }) => {
        if (Result.isFailure(database)) return Effect.succeed([wrong("server", messageOf(database.failure))])
        const examined = entry.server === homeServer
          ? Effect.all([examineAtHome(databasesAt(url.target), "examineDatabase"), judgePlace(home, home, entry)])
          : Effect.gen(function*() {
            const own = yield* (yield* Doctor).examineDatabase
            return [own, yield* judgePlace(home, yield* PgClient.PgClient, entry)]
          }).pipe(Effect.provide(
            doctorAt(databasesAt(database.success.target)).pipe(
              Layer.provideMerge(Database.layerOfUnchecked(database.success)),
              Layer.provide(Layer.succeed(Settings, settings))
            ),
            { local: true }
          ))
        return examined.pipe(
          Effect.map((parts) => parts.flat()),
          Effect.catch((error) => Effect.succeed([wrong("server", `${entry.server} does not answer: ${messageOf(error)}`)])),
          Effect.map((findings) => findings.map((finding) => ({ ...finding, subject: `partition ${entry.partition}: ${finding.subject}` })))
        )
      }, { concurrency: 4 })
      const each = connectionsOfService(settings.processes, map.length)
      const jobs = connectionsOfJobs(map.length)
      return [
        ...findings.flat(),
        ok(
          "connections",
          `a start of the service takes up to ${each} to each of ${map.length} databases, ${each * map.length} in all; ` +
            `the console's jobs take up to ${jobs} to each, ${jobs * map.length} in all`
        )
      ]
    })

    const examineDatabase = Effect.gen(function*() {
      const map = yield* directoryOf(home)
      return map.length === 1 && map[0]?.server === homeServer
        ? yield* examineAtHome({ all: 1, onServer: 1 }, "examineDatabase")
        : yield* Effect.scoped(Effect.provideContext(examineAll(map), ambient))
    })
    // What is about the settings is said once.
    const examine = Effect.gen(function*() {
      const map = yield* directoryOf(home)
      if (map.length === 1 && map[0]?.server === homeServer) return yield* examineAtHome({ all: 1, onServer: 1 }, "examine")
      const [all, ofHome, whole] = [
        yield* Effect.scoped(Effect.provideContext(examineAll(map), ambient)),
        yield* examineAtHome({ all: 1, onServer: 1 }, "examineDatabase"),
        yield* examineAtHome({ all: 1, onServer: 1 }, "examine")
      ]
      return [...all, ...whole.slice(ofHome.length)]
    })
    return Doctor.of({ examine, examineDatabase })
  })
)

const messageOf = (error: { readonly message: string; readonly cause?: unknown }): string =>
  error.cause instanceof Error ? messageOf(error.cause) : error.message

/** The directory. A database that was not migrated so far has none: it is one partition. */
const directoryOf = (home: PgClient.PgClient) =>
  Effect.gen(function*() {
    const missing = yield* Effect.result(missingMigrations)
    return Result.isSuccess(missing) && missing.success.length === 0 ? yield* readDirectory(home) : onePartition
  }).pipe(Effect.provideService(SqlClient.SqlClient, home), unavailable("examine"))

/** Whether a database is the one that the directory means, and has what it says. */
const judgePlace = Effect.fnUntraced(
  function*(home: PgClient.PgClient, sql: PgClient.PgClient, entry: PartitionEntry) {
    const { epoch, first, last, partition, server } = entry
    const [own, log] = [yield* readIdentity(sql), yield* readIdentity(home)]
    const { missing, others } = yield* compareServed(sql, entry)
    const tenants = yield* differingTenants(home, sql)
    const findings: ReadonlyArray<Finding> = [
      epoch === 0 || (own?.log === log?.log && own?.partition === partition && own?.epoch === epoch)
        ? ok("database", `that of the directory: slices ${first} to ${last} on ${server}, epoch ${epoch}`)
        : wrong(
          "database",
          `the one on ${server} is not partition ${partition} of this log in epoch ${epoch}`,
          "the URL of the server in DATABASE_SERVERS"
        ),
      missing + others === 0
        ? ok("slices", `${last - first + 1} are served`)
        : wrong("slices", `${missing} of its slices are not served, and ${others} of other partitions are`),
      ...tenants.length === 0 ? [ok("tenants", "as at home")] : tenants.slice(0, 5).map((says) => wrong("tenants", says))
    ]
    return findings
  },
  Effect.mapError((cause) => new DatabaseUnavailable({ operation: "examine", cause }))
)
