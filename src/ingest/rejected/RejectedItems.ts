import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type DatabaseUnavailable, unavailable } from "../../database/DatabaseUnavailable.ts"
import { Migrations } from "../../database/Migrations.ts"
import type { TenantId } from "../../values/TenantId.ts"
import {
  countRejections,
  findRejection,
  type KeptRejection,
  type ListedRejection,
  type Reason,
  rejectionsBefore
} from "./keptRejections.ts"

/** The most items of one list. At 16 KB each, they take 1 MB. */
const mostListed = 64

/**
 * The rejected items as they are kept, for people who look at them. Each method fails with
 * `DatabaseUnavailable` if the home database did not answer.
 */
export class RejectedItems extends Context.Service<RejectedItems, {
  /** How many items of each reason a tenant has. */
  readonly counts: (tenantId: TenantId) => Effect.Effect<ReadonlyMap<Reason, number>, DatabaseUnavailable>
  /**
   * The items that were refused last, of a reason or of all, the latest first. `after` is the last
   * one of the list before. An item that is refused again meanwhile is at the beginning then.
   */
  readonly list: (tenantId: TenantId, options: {
    readonly reason?: Reason | undefined
    readonly after?: Pick<ListedRejection, "instant" | "hash"> | undefined
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<ListedRejection>, DatabaseUnavailable>
  /** One item; undefined if it is not kept, or not any more. */
  readonly find: (
    tenantId: TenantId,
    item: Pick<KeptRejection, "reason" | "hash">
  ) => Effect.Effect<KeptRejection | undefined, DatabaseUnavailable>
}>()("playtally/ingest/RejectedItems") {
  static readonly layer = Layer.effect(
    RejectedItems,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      return RejectedItems.of({
        counts: Effect.fn("RejectedItems.counts")((tenantId) => countRejections(sql, tenantId), unavailable("RejectedItems.counts")),
        list: Effect.fn("RejectedItems.list")(
          (tenantId, { limit, ...options }) => rejectionsBefore(sql, tenantId, { ...options, limit: Math.min(limit, mostListed) }),
          unavailable("RejectedItems.list")
        ),
        find: Effect.fn("RejectedItems.find")((tenantId, item) => findRejection(sql, tenantId, item), unavailable("RejectedItems.find"))
      })
    })
  )
}
