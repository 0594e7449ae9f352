import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import { ProjectionCatalog } from "../projections/ProjectionCatalog.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { type Consistency, ProjectionBehind, type ProjectionParked, Snapshots } from "./Snapshots.ts"

/** A user's counters (design §4): the sections asked for under their names. `position` is the position of the user's slice they reflect. */
export type CountersDocument =
  & { readonly user_id: string; readonly time_zone: string; readonly position: number; readonly stale?: ReadonlyArray<string> }
  & { readonly [section: string]: unknown }

interface Options {
  readonly sections: ReadonlyArray<string>
  /** Set where the reader named the sections, and needs every one of them. */
  readonly areNamed?: boolean
  readonly consistency: Consistency
}

/** What the engine reads. */
export class Counters extends Context.Service<Counters, {
  /** The sections a document can have, in their order: the names of the projections that are not read apart. */
  readonly sections: ReadonlyArray<string>
  /**
   * The documents of those of the users who have events, in the order asked, a user named twice once. One transaction reads the active versions, the
   * checkpoints and the rows, so that a document is never torn. A strong reading waits until all that was in the log on arrival has been folded.
   *
   * A section whose projection is still to be rebuilt for the first time is no part of the documents yet. Readers who need it, by its name or because
   * there is no other, are told that it is behind.
   */
  readonly read: (
    tenant: Tenant,
    userIds: ReadonlyArray<string>,
    options: Options
  ) => Effect.Effect<ReadonlyArray<CountersDocument>, ProjectionBehind | ProjectionParked | DatabaseUnavailable>
}>()("playtally/counters/Counters") {
  static readonly layer = Layer.effect(
    Counters,
    Effect.gen(function*() {
      const snapshots = yield* Snapshots
      const { stores } = yield* ProjectionCatalog
      const shown = stores.filter(({ projection }) => projection.readApart !== true)
      const sections = [...new Set(shown.map(({ projection }) => projection.name))]

      const read = Effect.fn("Counters.read")((
        tenant: Tenant,
        userIds: ReadonlyArray<string>,
        { areNamed, consistency, sections }: Options
      ) =>
        snapshots.read(
          tenant,
          userIds,
          { projections: sections, consistency },
          Effect.fnUntraced(function*({ parkedIn, positionOf, stores, timeZoneOf, unbuilt, userIds }) {
            if (userIds.length === 0) return []
            const isWhole = stores.length + (areNamed === true ? 0 : unbuilt) === sections.length
            if (stores.length === 0 || !isWhole) return yield* new ProjectionBehind({ waited: 0 })
            const rows = yield* Effect.forEach(stores, (store) => store.read(tenant.tenantId, userIds))
            const now = yield* Clock.currentTimeMillis
            return userIds.map((userId): CountersDocument => {
              const stale = parkedIn(userId)
              const timeZone = timeZoneOf(userId)
              return {
                user_id: userId,
                time_zone: timeZone,
                position: positionOf(userId),
                ...Object.fromEntries(stores.map(({ projection }, at) => [
                  projection.name,
                  projection.section.present(rows[at]?.get(userId) ?? [], { timeZone, now })
                ])),
                ...stale.length > 0 ? { stale } : {}
              }
            })
          })
        )
      )
      return Counters.of({ sections, read })
    })
  )
}
