import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import { lackingToCome, lackingToLeave, readReplicationFacts } from "../../database/replicationFacts.ts"
import { refuseUnfinished } from "../../event-log/unfinishedImport.ts"
import { homeServer } from "../PartitionMap.ts"
import { armFence, takeFenceBack } from "./fence.ts"
import { advanceMove, isSplit, type PartitionMove } from "./moveRecord.ts"
import { MoveRefused } from "./MoveRefused.ts"
import type { MoveSides } from "./MoveSides.ts"
import { prepareTarget } from "./prepareTarget.ts"
import { readSchema } from "./projectionSchema.ts"
import { replicatedTables } from "./replicatedTables.ts"
import { publish, subscribe, unpublish } from "./replication.ts"

/**
 * The step `preparing`: the target gets the tables of the source, and the source keeps its changes
 * for it.
 *
 * {@link MoveRefused} of the reason "NotReady" says what a server lacks.
 */
export const prepareMove = Effect.fnUntraced(function*(move: PartitionMove, { from, home, log, source, target }: MoveSides) {
  yield* takeFenceBack(source, move)
  yield* requireReady(move, source, target)
  yield* refuseUnfinished(source)
  yield* armFence(source, move)
  const schema = yield* readSchema(source)
  yield* prepareTarget(target, { home, log, move, source, schema: schema.map(({ statement }) => statement) })
  yield* unpublish(source, move)
  const versions = schema.filter(({ isTable }) => isTable).map(({ name }) => ({ name, isFiltered: false }))
  const tables = [...replicatedTables({ isHome: move.target === homeServer }), ...versions]
  yield* publish(source, move, tables.map(({ isFiltered, name }) => ({ name, isFiltered: isFiltered && isSplit(move) })))
  yield* subscribe(target, move, from.direct ?? from.target)
  yield* advanceMove(home, move, "copying")
})

/** Fails with one sentence that says what the two servers lack. */
const requireReady = Effect.fnUntraced(function*(move: PartitionMove, source: PgClient.PgClient, target: PgClient.PgClient) {
  const [leaves, comes] = [yield* readReplicationFacts(source), yield* readReplicationFacts(target)]
  const lacking = [
    ...lackingToLeave(leaves).map((one) => ({ ...one, server: move.source })),
    ...lackingToCome(comes).map((one) => ({ ...one, server: move.target })),
    ...leaves.schema === comes.schema ? [] : [{
      server: move.target,
      says: `the schema is "${comes.schema}", and that of the source "${leaves.schema}"`,
      mend: `create schema "${leaves.schema}";`
    }]
  ]
  if (lacking.length === 0) return
  return yield* new MoveRefused({
    reason: "NotReady",
    message: `Nothing was changed: ${lacking.map(({ mend, says, server }) => `on "${server}" ${says} (${mend})`).join("; ")}.`
  })
})
