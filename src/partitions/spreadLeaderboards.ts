import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { BoardParts, type BoardReadings } from "../counters/BoardParts.ts"
import { type BoardSources, Leaderboards, leaderboardsOver } from "../counters/Leaderboards.ts"
import { unavailable } from "../database/DatabaseUnavailable.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { hasSlice, type PartitionEntry } from "./PartitionMap.ts"
import { Partitions } from "./Partitions.ts"
import { inPartition } from "./PartitionUnavailable.ts"

/** `Leaderboards` over the partitions: each is a part of every board. */
export const spreadLeaderboards = Layer.effect(
  Leaderboards,
  Effect.map(Partitions, (partitions) => {
    /** A partition without a copy of the tenant has no users: the board is empty there. */
    const known = ({ tenantId }: Tenant) => partitions.knowTenant(tenantId).pipe(unavailable("Leaderboards"))

    /**
     * The boards of a partition. Its database may still rank users of the other half of a split,
     * who are left out. Then that half has to be read in the same way.
     */
    const boardsOf = (entry: PartitionEntry, services: Context.Context<BoardParts>): BoardReadings => {
      const boards = Context.get(services, BoardParts)
      return entry.state === "shrinking" ? boards.half(entry) : boards
    }

    const all: BoardSources["all"] = (tenant, read) =>
      Effect.andThen(
        known(tenant),
        partitions.everywhere((services, entry) => read(boardsOf(entry, services)))
      ).pipe(inPartition("Leaderboards"))

    const fromUser: BoardSources["fromUser"] = (tenant, userId, read) =>
      Effect.gen(function*() {
        const slice = sliceOf(tenant.tenantId, userId)
        yield* known(tenant)
        for (;;) {
          const { found, own } = yield* partitions.at(slice, (services, own) =>
            Effect.map(read.own(boardsOf(own, services)), (found) => ({ found, own })))
          if (found === undefined) {
            return undefined
          }
          if (partitions.map().length === 1) {
            return [found] as const
          }
          const others = yield* partitions.everywhere((services, entry) =>
            hasSlice(entry, slice)
              ? Effect.succeed({ entry, parts: [] })
              : Effect.map(
                read.other(boardsOf(entry, services), found),
                (part) => ({ entry, parts: [part] })
              )
          )
          // If the partition has been split meanwhile, its other half is among the others. If the
          // split has ended, the others are read in another way.
          const isWhole = others.some(({ entry }) =>
            entry.first === own.first && entry.last === own.last && entry.state === own.state
          )
          if (isWhole) return [found, ...others.flatMap(({ parts }) => parts)] as const
        }
      }).pipe(inPartition("Leaderboards"))

    return leaderboardsOver({ all, fromUser })
  })
)
