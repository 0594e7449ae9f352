import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { sliceOf } from "../event-log/sliceOf.ts"
import { mergePages, TenantLog } from "../event-log/TenantLog.ts"
import { Slice } from "../values/Slice.ts"
import { Partitions } from "./Partitions.ts"
import { inPartition } from "./PartitionUnavailable.ts"

/** `TenantLog` over the partitions: pages are merged by the time of recording. */
export const spreadTenantLog = Layer.effect(
  TenantLog,
  Effect.map(Partitions, (partitions) =>
    TenantLog.of({
      page: (tenantId, options) =>
        partitions.everywhere((services, { first, last }) => {
          // After a split the database may still have events of slices that are elsewhere.
          const [from, to] = options.slices ?? [first, last]
          const slices = [Slice(Math.max(first, from)), Slice(Math.min(last, to))] as const
          return Context.get(services, TenantLog).page(tenantId, { ...options, slices })
        }).pipe(
          inPartition("TenantLog.page"),
          Effect.map((pages) => mergePages(pages, options.limit))
        ),
      find: (tenantId, place) =>
        partitions.at(place.slice, (services) => Context.get(services, TenantLog).find(tenantId, place)).pipe(
          inPartition("TenantLog.find")
        ),
      beganAt: (tenantId, userId) =>
        partitions.at(sliceOf(tenantId, userId), (services) => Context.get(services, TenantLog).beganAt(tenantId, userId)).pipe(
          inPartition("TenantLog.beganAt")
        )
    }))
)
