import * as Layer from "effect/Layer"
import { databaseLayer } from "../App.ts"
import { IsPatient } from "../database/Database.ts"
import { Migrations } from "../database/Migrations.ts"
import { logDatabases } from "../partitions/logDatabases.ts"
import { PartitionDirectory } from "../partitions/PartitionDirectory.ts"
import { PartitionServers } from "../partitions/PartitionServers.ts"

/**
 * The database of the settings, for commands that run beside a service, and where the others of the
 * log are.
 *
 * They change no schema, and do not start on a schema that does not match.
 */
export const checkedDatabase = Layer.mergeAll(PartitionDirectory.layerCheck, PartitionServers.layer).pipe(
  Layer.provideMerge(Migrations.layerCheck),
  Layer.provideMerge(databaseLayer),
  Layer.provideMerge(Layer.succeed(IsPatient, true))
)

/** The same, with all databases of the log, for commands that go through the whole log. */
export const checkedLog = Layer.provideMerge(logDatabases, checkedDatabase)
