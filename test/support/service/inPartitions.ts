import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { type DatabasesOfLog, LogDatabases } from "../../../src/event-log/LogDatabases.ts"
import { sliceOf } from "../../../src/event-log/sliceOf.ts"
import { Partitions, type PartitionServices } from "../../../src/partitions/Partitions.ts"
import { known } from "../../../src/values/known.ts"
import type { TenantId } from "../../../src/values/TenantId.ts"
import type { UserId } from "../../../src/values/UserId.ts"

/** Does something in each partition of a service, with the services of that partition. */
export const inEachPartition = <A, E, R>(run: Effect.Effect<A, E, R>) =>
  Effect.flatMap(
    Partitions,
    (partitions) =>
      Effect.forEach(partitions.opened(), ({ services }) => Effect.provide(run, known(services, "services of an open partition")))
  )

/** Does something in the partition that has a user, with the services of that partition. */
export const inPartitionOf = (user: { readonly tenantId: TenantId; readonly userId: UserId }) =>
<A, E, R>(
  run: Effect.Effect<A, E, R>
) =>
  Effect.flatMap(
    Partitions,
    (partitions) =>
      partitions.at(sliceOf(user.tenantId, user.userId), (services: Context.Context<PartitionServices>) => Effect.provide(run, services))
  )

/** Does something with the whole log of a service, as a command on its databases does. */
export const onWholeLog = <A, E, R>(run: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const [first, ...others] = (yield* Partitions).opened().map(({ entry, services }) => ({
      sql: Context.get(known(services, "services of an open partition"), PgClient.PgClient),
      first: entry.first,
      last: entry.last,
      name: `partition ${entry.partition}`
    }))
    const databases: DatabasesOfLog = {
      home: yield* PgClient.PgClient,
      all: [known(first, "first partition"), ...others],
      whereabouts: Effect.succeed("Here")
    }
    return yield* Effect.provideService(run, LogDatabases, databases)
  })
