import * as Effect from "effect/Effect"
import { Database } from "../database/Database.ts"
import { migrateDirectly, Migrations } from "../database/Migrations.ts"
import { PartitionDirectory } from "./PartitionDirectory.ts"
import { homeServer } from "./PartitionMap.ts"
import { PartitionServers } from "./PartitionServers.ts"
import { PartitionUnavailable } from "./PartitionUnavailable.ts"

/** The migrations that a database had not had. `name` says which it is where there are several. */
export interface MigratedDatabase {
  readonly name: string | undefined
  readonly applied: ReadonlyArray<string>
}

/**
 * Brings the home database and those of all partitions to this version's schema, and lays out a new
 * log in as many as `PARTITIONS` says.
 *
 * It fails as `migrateDirectly` and `PartitionDirectory.layer` do, and with
 * {@link PartitionUnavailable} if a partition does not answer.
 */
export const migratePartitions = Effect.gen(function*() {
  const home = yield* migrateDirectly
  const others = yield* Effect.gen(function*() {
    const map = yield* Effect.flatMap(PartitionDirectory, ({ read }) => read)
    const servers = yield* PartitionServers
    return yield* Effect.forEach(map.filter(({ server }) => server !== homeServer), ({ partition, server }) => {
      const migrated = Effect.flatMap(servers.find(server), (database) =>
        // The clients of the home database are layers of the same name, which are built already.
        Effect.provide(migrateDirectly, Database.layerOf(database), { local: true }))
      return migrated.pipe(
        Effect.mapError((error) =>
          error._tag === "SqlError" || error._tag === "SessionUnfit" ? new PartitionUnavailable({ partition, server, cause: error }) : error
        ),
        Effect.map((applied): MigratedDatabase => ({ name: `partition ${partition} (server ${server})`, applied }))
      )
    })
  }).pipe(
    Effect.provide(PartitionDirectory.layer),
    Effect.provide(PartitionServers.layer),
    Effect.provideService(Migrations, Migrations.of({ applied: home }))
  )
  return [{ name: undefined, applied: home } satisfies MigratedDatabase as MigratedDatabase, ...others]
})
