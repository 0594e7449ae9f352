import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import type { PgClient } from "@effect/sql-pg"
import * as Cause from "effect/Cause"
import { EntityId, MessageStorage, RunnerAddress, RunnerHealth, Runners, Sharding, ShardingConfig, SocketRunner } from "effect/cluster"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { RpcSerialization } from "effect/rpc"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import type { Leads } from "../database/Leads.ts"
import { measureLead, measureRunners } from "./clusterMetrics.ts"
import { endLead, noteLead } from "./LeadTable.ts"
import { makeTables, runnerStorage } from "./runnerStorage.ts"
import { heartbeat, lockExpiration } from "./runnerTables.ts"

/** Where a runner listens for the others. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** What a runner works with. */
export interface RunnerOptions {
  readonly address: Address
  readonly leads: Leads
  /** The numbers of all partitions, as they are now. */
  readonly partitions: () => ReadonlyArray<number>
  /** Sessions of the database at home that last. */
  readonly sql: PgClient.PgClient
}

/**
 * The shard group of a partition.
 *
 * All groups that there can be are named from the start. The numbers of the locks follow the sorted
 * list, so a new name would renumber them.
 */
const groupOf = (partition: number): string => `p${String(partition).padStart(3, "0")}`
const defaultGroup = "default"
const allGroups = [defaultGroup, ...Array.from({ length: 256 }, (_, partition) => groupOf(partition))]

/** The most shards of a group. Each shard of each partition is a lock. */
const mostShards = 16

/** How often the runner looks whether there are other partitions, and how soon it tries again. */
const lookEvery = "500 millis"
const tryAgain = "2 seconds"

/** How long a runner that stops tries to say so. The locks end with its session anyway. */
const farewell = "3 seconds"
const endingPatience = "500 millis"

/**
 * The shards of a group are spread evenly over the runners, and in the same way in every group. So
 * there is a shard for each partition, and each takes another one.
 */
const shardsOf = (partitions: number): number => Math.max(1, Math.min(partitions, mostShards))

const runnerLayer = ({ address, sql }: RunnerOptions, partitions: ReadonlyArray<number>) => {
  const config = ShardingConfig.layer({
    runnerAddress: Option.some(RunnerAddress.RunnerAddress.make(address)),
    availableShardGroups: allGroups,
    // The default one has what looks after the runners' health.
    assignedShardGroups: [defaultGroup, ...partitions.map(groupOf)],
    shardsPerGroup: shardsOf(partitions.length),
    shardLockExpiration: `${lockExpiration} seconds`,
    shardLockRefreshInterval: `${heartbeat} seconds`,
    refreshAssignmentsInterval: "500 millis",
    runnerHealthCheckInterval: "2 seconds",
    // No messages are stored. It is also how often shards that were not to be had are tried again.
    entityMessagePollInterval: "1 second",
    simulateRemoteSerialization: false
  })
  const health = RunnerHealth.layerPing.pipe(Layer.provide(Runners.layerRpc), Layer.provide(NodeClusterSocket.layerClientProtocol))
  return SocketRunner.layer.pipe(
    Layer.provide([NodeClusterSocket.layerSocketServer, NodeClusterSocket.layerClientProtocol, health]),
    Layer.provide([MessageStorage.layerNoop, runnerStorage(sql)]),
    Layer.provide([config, RpcSerialization.layerSchemaBinary({ maxFrameSize: 64 * 1024 })])
  )
}

/** Leads a partition until it is interrupted. */
const lead = ({ address: { host, port }, leads, sql }: RunnerOptions, partition: number) => {
  const own = { partition, address: `${host}:${port}` }
  return Effect.acquireUseRelease(
    Effect.gen(function*() {
      leads.set(partition, "Leads")
      yield* measureLead(partition, 1)
      yield* Effect.logInfo("This process leads a partition").pipe(Effect.annotateLogs({ partition }))
    }),
    () => Effect.repeat(Effect.ignore(noteLead(sql, own)), Schedule.spaced(`${heartbeat} seconds`)),
    () =>
      Effect.gen(function*() {
        leads.set(partition, "Follows")
        yield* measureLead(partition, 0)
        yield* Effect.logInfo("This process no longer leads a partition").pipe(Effect.annotateLogs({ partition }))
        yield* Effect.ignore(Effect.timeoutOption(Effect.interruptible(endLead(sql, own)), endingPatience))
      })
  )
}

/** A name that `effect/cluster` places in the shard of a partition: it goes by the name's hash. */
const singletonName = (sharding: Sharding.Sharding["Service"], partition: number, shards: number): string => {
  for (let nth = 0;; nth++) {
    const name = `leader of partition ${partition} (${nth})`
    if (sharding.getShardId(EntityId.make(name), groupOf(partition)).id === partition % shards + 1) return name
  }
}

/** Is a runner for these partitions as long as the scope is open. */
const open = Effect.fnUntraced(function*(options: RunnerOptions, partitions: ReadonlyArray<number>) {
  yield* makeTables(options.sql)
  const scope = yield* Effect.scope
  const context = yield* Layer.buildWithMemoMap(runnerLayer(options, partitions), Layer.makeMemoMapUnsafe(), scope)
  const sharding = Context.get(context, Sharding.Sharding)
  for (const partition of partitions) {
    yield* measureLead(partition, 0)
    const name = singletonName(sharding, partition, shardsOf(partitions.length))
    yield* sharding.registerSingleton(name, lead(options, partition), { shardGroup: groupOf(partition) })
  }
})

const isSame = (some: ReadonlyArray<number>, others: ReadonlyArray<number>): boolean =>
  some.length === others.length && some.every((each) => others.includes(each))

/** Is a runner until there are other partitions, or it fails. */
const runOnce = (options: RunnerOptions) =>
  Effect.scoped(Effect.gen(function*() {
    const partitions = options.partitions()
    yield* open(options, partitions)
    while (isSame(partitions, options.partitions())) yield* Effect.sleep(lookEvery)
  })).pipe(Effect.ensuring(measureRunners(0)))

/**
 * Makes this process a runner of the cluster, as long as the scope is open.
 *
 * It never fails: while the database at home is away, the process leads nothing.
 */
export const runRunner = Effect.fnUntraced(function*(options: RunnerOptions) {
  const scope = Scope.makeUnsafe()
  yield* Effect.forkIn(
    Effect.forever(
      Effect.catchCause(
        runOnce(options),
        (cause) =>
          Effect.logWarning("This process is in no cluster; trying again").pipe(
            Effect.annotateLogs({ cause: Cause.pretty(cause).split("\n")[0] }),
            Effect.andThen(Effect.sleep(tryAgain))
          )
      )
    ),
    scope
  )
  yield* Effect.addFinalizer(() => Effect.timeoutOption(Effect.interruptible(Scope.close(scope, Exit.void)), farewell))
})
