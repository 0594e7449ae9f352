import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { databaseLayer, serviceLayer, threadedLayer } from "../../../src/App.ts"
import { Migrations } from "../../../src/database/Migrations.ts"
import { logDatabases } from "../../../src/partitions/logDatabases.ts"
import { PartitionDirectory } from "../../../src/partitions/PartitionDirectory.ts"
import { PartitionServers } from "../../../src/partitions/PartitionServers.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"
import { TestDatabase } from "../database/TestDatabase.ts"
import { noteOfOne } from "../partitions/partitionNotes.ts"

const configured = <A, E, R>(layer: Layer.Layer<A, E, R>, settings: Readonly<Record<string, string>>) =>
  Layer.unwrap(
    Effect.map(TestDatabase, ({ settings: own, url }) =>
      Layer.provide(
        layer,
        // The lives of the tests' users are drawn from all the years there are.
        ConfigProvider.layer(ConfigProvider.fromUnknown({ DATABASE_URL: Redacted.value(url), MAX_FUTURE_HOURS: "0", ...own, ...settings }))
      ))
  )

/**
 * One process of the service, without its HTTP side, on the test's database. Provide it twice,
 * `Layer.fresh`, for two processes.
 */
export const testService = (options: {
  readonly projections?: ReadonlyArray<AnyProjection>
  readonly settings?: Readonly<Record<string, string>>
} = {}) => configured(serviceLayer(options.projections), options.settings ?? {})

/** The same with the catalog's projections in a thread of their own, whose module is `entry`. */
export const threadedTestService = (entry: URL) => configured(threadedLayer(entry), {})

/** The databases of the test's log, laid out, as a command has them. */
export const testLog = configured(
  logDatabases.pipe(
    Layer.provideMerge(PartitionDirectory.layer),
    Layer.provideMerge(PartitionServers.layer),
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(databaseLayer)
  ),
  {}
)

/** The clients of the test's database alone. */
export const testClients = Layer.suspend(() => {
  noteOfOne("some clients are of the home database alone")
  return configured(databaseLayer, {})
})
