import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { BoardParts, type BoardReading } from "../counters/BoardParts.ts"
import { ProjectionBehind } from "../counters/ConsistentReads.ts"
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
     * Reads a partition, unless its database still ranks users of the other half of a split: these
     * would be counted twice.
     */
    const readIn = <A>(
      { state }: PartitionEntry,
      services: Context.Context<BoardParts>,
      read: (boards: BoardParts["Service"]) => BoardReading<A>
    ): BoardReading<A> => state === "shrinking" ? Effect.fail(new ProjectionBehind({ waited: 0 })) : read(Context.get(services, BoardParts))

    const all: BoardSources["all"] = (tenant, read) =>
      Effect.andThen(
        known(tenant),
        partitions.everywhere((services, entry) => readIn(entry, services, read))
      ).pipe(inPartition("Leaderboards"))

    const fromUser: BoardSources["fromUser"] = (tenant, userId, read) =>
      Effect.gen(function*() {
        const slice = sliceOf(tenant.tenantId, userId)
        yield* known(tenant)
        for (;;) {
          const { found, own } = yield* partitions.at(slice, (services, own) =>
            Effect.map(readIn(own, services, read.own), (found) => ({ found, own })))
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
                readIn(entry, services, (boards) =>
                  read.other(boards, found)),
                (part) => ({ entry, parts: [part] })
              )
          )
          // If the partition has been split meanwhile, its other half is among the others.
          const isWhole = others.some(({ entry }) => entry.first === own.first && entry.last === own.last)
          if (isWhole) return [found, ...others.flatMap(({ parts }) => parts)] as const
        }
      }).pipe(inPartition("Leaderboards"))

    return leaderboardsOver({ all, fromUser })
  })
)
