import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type DatabaseUnavailable, unavailable } from "../../database/DatabaseUnavailable.ts"
import { Migrations } from "../../database/Migrations.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import { type KeptRejection, rejectionsOf } from "./keptRejections.ts"
import { firstHash, namingItems } from "./namingItems.ts"

/** Some rejected items that name a user. */
export interface FoundRejections {
  /** The latest first. */
  readonly items: ReadonlyArray<KeptRejection>
  /** Where a further search goes on; undefined if everything was looked at. */
  readonly next: string | undefined
}

/** A search ends with the statement after which it has found so many, or with the last of these. */
const enough = 20
const mostStatements = 10
/** A page of 500 items may name the user in all of them. */
const mostItems = 100

/** Finds rejected items. */
export class RejectedSearch extends Context.Service<RejectedSearch, {
  /**
   * The rejected items that name a user, found as an erasure finds them.
   *
   * Some thousand items are looked at, in the order of their hashes, after the one that `after`
   * names. A further search goes on from `next`. At most {@link mostItems} are given. It fails with
   * `DatabaseUnavailable` if the database did not answer.
   */
  readonly naming: (
    tenantId: TenantId,
    userId: UserId,
    after?: string
  ) => Effect.Effect<FoundRejections, DatabaseUnavailable>
}>()("playtally/ingest/RejectedSearch") {
  static readonly layer = Layer.effect(
    RejectedSearch,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      return RejectedSearch.of({
        naming: Effect.fn("RejectedSearch.naming")(function*(tenantId, userId, after = firstHash) {
          const found: Array<string> = []
          let last: string | null = after
          for (let statements = 0; last !== null && statements < mostStatements && found.length < enough; statements++) {
            const page: Effect.Success<ReturnType<typeof namingItems>> = yield* namingItems(sql, { tenantId, userId, after: last })
            found.push(...page.hashes)
            last = page.last
          }
          const shown = found.toSorted().slice(0, mostItems)
          const items = shown.length === 0 ? [] : yield* rejectionsOf(sql, tenantId, shown)
          return { items, next: (found.length > mostItems ? shown.at(-1) : last) ?? undefined } satisfies FoundRejections
        }, unavailable("RejectedSearch.naming"))
      })
    })
  )
}
