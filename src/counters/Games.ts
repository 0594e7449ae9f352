import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import { Breather } from "../platform/Breather.ts"
import { casinoByGame } from "../projections/catalog/casinoByGame.ts"
import { gameRoundsByGame } from "../projections/catalog/gameRoundsByGame.ts"
import { gameKey } from "../projections/projection/byGame.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { compareUtf8 } from "../values/compareUtf8.ts"
import { known } from "../values/known.ts"
import { Position } from "../values/Position.ts"
import type { UserId } from "../values/UserId.ts"
import { type Consistency, ConsistentReads, ProjectionBehind, type ProjectionFailing, type ProjectionParked } from "./ConsistentReads.ts"
import { ProjectionNotBuilt } from "./ProjectionNotBuilt.ts"
import type { TooManyReads } from "./ReadShares.ts"
import { maxRows, TooManyRows, viewOf } from "./TooManyRows.ts"

/** The projections of a document of games, in its order. */
export const gameProjections = [casinoByGame, gameRoundsByGame]

/**
 * A user's counters per game and currency (docs/design.md#games), with the requested sections under
 * their names.
 */
export type GamesDocument =
  & {
    readonly user_id: UserId
    readonly time_zone: string
    readonly position: Position
    readonly generations: Readonly<Record<string, number>>
    readonly stale?: ReadonlyArray<string>
  }
  & { readonly [section: string]: unknown }

/**
 * Which games a read asks for.
 *
 * - `Some`: games by their ids. Games without events are left out.
 * - `Page`: the first `limit` of all games from one on, in order of the ids' UTF-8 bytes.
 */
export type GameSelection =
  | { readonly _tag: "Some"; readonly gameIds: ReadonlyArray<string> }
  | { readonly _tag: "Page"; readonly from: string; readonly limit: number }

interface Options {
  readonly sections: ReadonlyArray<string>
  readonly games: GameSelection
  readonly consistency: Consistency
}

/** The sections of the document, in their order. */
export const gameSections: ReadonlyArray<string> = gameProjections.map(({ name }) => name)

/** The counters of single games. */
export class Games extends Context.Service<Games, {
  /** The sections that a document can have, in their order. */
  readonly sections: ReadonlyArray<string>
  /**
   * The document, and the game with which the next page begins if there is one. Undefined for a
   * user without events.
   *
   * A page ends before the game with which a section would have more than {@link maxRows} rows.
   *
   * - `TooManyRows`: one game, or the games asked for by their ids, have more rows than that.
   * - `ProjectionNotBuilt`: a section must be rebuilt for the first time.
   * - The errors of {@link ConsistentReads}. `ProjectionBehind` also where another process has
   *   activated a version that this code does not know.
   */
  readonly read: (
    tenant: Tenant,
    userId: UserId,
    options: Options
  ) => Effect.Effect<
    { readonly document: GamesDocument; readonly next: string | null } | undefined,
    TooManyRows | ProjectionBehind | ProjectionNotBuilt | ProjectionParked | ProjectionFailing | TooManyReads | DatabaseUnavailable
  >
}>()("playtally/counters/Games") {
  static readonly layer = Layer.effect(
    Games,
    Effect.gen(function*() {
      const reads = yield* ConsistentReads
      const read = Effect.fn("Games.read")((tenant: Tenant, userId: UserId, { consistency, games, sections }: Options) =>
        reads.read(
          tenant,
          { userIds: [userId], projections: sections, consistency },
          Effect.fnUntraced(function*({ generationsOf, parkedIn, positionOf, stores, timeZoneOf, unbuilt, userIds }) {
            if (userIds.length === 0) return undefined
            if (unbuilt.length > 0) return yield* new ProjectionNotBuilt({ projections: unbuilt })
            // Another process has activated a version that this code does not know.
            if (stores.length < sections.length) return yield* new ProjectionBehind({ waited: 0 })

            const keysFrom = (from: string, limit: number) =>
              Effect.map(
                Effect.forEach(stores, (store) => store.keysFrom(tenant.tenantId, userId, from, limit)),
                (keys) => [...new Set(keys.flat())].sort(compareUtf8)
              )
            const found = games._tag === "Page" ? yield* keysFrom(games.from, games.limit + 1) : []
            const [first, ...others] = games._tag === "Page" ? found.slice(0, games.limit) : []
            const ranges = games._tag === "Some"
              ? [...new Set(games.gameIds.map(gameKey))].map((key) => [key, key] as const)
              : first === undefined
              ? []
              : [[first, others.at(-1) ?? first] as const]
            const read = yield* Effect.forEach(stores, (store) => store.readRanges(tenant.tenantId, userId, ranges, maxRows + 1))
            // Rows come in the order of the games, so the last game of a section with too many rows
            // may not be complete.
            const cut = read.flatMap((rows) => rows.length > maxRows ? String(rows.at(-1)?.["game_id"]) : []).sort(compareUtf8)[0]
            if (cut !== undefined && (games._tag === "Some" || cut === first)) {
              const at = read.findIndex((rows) => rows.length > maxRows)
              return yield* tooManyRows(known(stores[at], "store of the rows read").projection.name, games)
            }
            const rows = cut === undefined ? read : read.map((rows) => rows.filter((row) => compareUtf8(String(row["game_id"]), cut) < 0))

            const context = { timeZone: timeZoneOf(userId), now: yield* Clock.currentTimeMillis }
            const stale = parkedIn(userId)
            const breather = new Breather()
            const presented: Record<string, unknown> = {}
            for (const [at, { projection }] of stores.entries()) {
              // A thousand rows take some milliseconds, and other reads may have come this far in
              // the same turn.
              yield* breather.rest
              presented[projection.name] = projection.section.present(known(rows[at], "rows of a store"), context)
            }
            const document: GamesDocument = {
              user_id: userId,
              time_zone: context.timeZone,
              position: Position(positionOf(userId)),
              generations: generationsOf(userId),
              ...presented,
              ...stale.length > 0 ? { stale } : {}
            }
            return { document, next: cut ?? (games._tag === "Page" ? found[games.limit] ?? null : null) }
          })
        )
      )
      return Games.of({ sections: gameSections, read })
    })
  )
}

const tooManyRows = (section: string, { _tag }: GameSelection) =>
  new TooManyRows({
    section,
    limit: maxRows,
    detail: `${_tag === "Some" ? "The games have" : "A game has"} more than ${maxRows} rows of a section. ${
      _tag === "Some" ? "Ask for fewer games" : "Name another section in include"
    }, or read the SQL view ${viewOf(section)}.`
  })
