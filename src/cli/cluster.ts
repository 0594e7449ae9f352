import { Command } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { clusterStatus } from "../cluster/clusterStatus.ts"
import { PartitionDirectory } from "../partitions/PartitionDirectory.ts"
import { PartitionServers } from "../partitions/PartitionServers.ts"
import { checkedDatabase } from "./checkedDatabase.ts"
import { explained } from "./CommandFailed.ts"
import { formatTable } from "./formatTable.ts"
import { print } from "./print.ts"

const seconds = (count: number | null): string => count === null ? "-" : `${Math.max(0, Math.round(count))} s`

const status = Command.make(
  "status",
  {},
  Effect.fnUntraced(
    function*() {
      const map = yield* Effect.flatMap(PartitionDirectory, ({ read }) => read)
      const found = yield* clusterStatus(map.map(({ partition }) => partition))
      if (found === undefined) return yield* print("There is no cluster: no process has had CLUSTER_ADDRESS yet.")
      const { leads, runners } = found
      yield* print(
        ...formatTable(
          ["RUNNER", "STATE", "LAST HEARTBEAT"],
          runners.map(({ address, heartbeat, state }) => [address, state, `${seconds(heartbeat)} ago`])
        ),
        "",
        ...formatTable(
          ["PARTITION", "LED BY", "FOR"],
          leads.map(({ address, partition, seconds: since }) => [String(partition), address ?? "nobody", seconds(since)])
        )
      )
    },
    Effect.provide(PartitionDirectory.layer.pipe(Layer.provide(PartitionServers.layer), Layer.provideMerge(checkedDatabase))),
    explained
  )
).pipe(Command.withDescription("Show the runners, and which of them leads each partition"))

/** `cluster`: how the processes share the work. */
export const cluster = Command.make("cluster").pipe(
  Command.withDescription("How the processes of a log share the work (docs/cluster.md)"),
  Command.withSubcommands([status])
)
