import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { LogHistories } from "../../event-log/LogHistories.ts"
import { allSlices } from "../../event-log/sliceOf.ts"
import { readContinuation } from "../../event-log/statements/historyStatements.ts"
import { addGenerationAfterLoss } from "../../projections/feed/generations.ts"
import { Position } from "../../values/Position.ts"
import { type FeedPlace, isSameHistory, nothingTold } from "./FeedPlace.ts"
import type { Kept } from "./readFeedPage.ts"

/**
 * Where a reader goes on in the newest history of the log, in the caller's transaction.
 *
 * A reader may have been told of an event, an erasure or a generation that is lost. Such a reader
 * is told of all users and erasures once more. So is each reader after another server has taken
 * over.
 */
export const continuedPlace = Effect.fnUntraced(
  function*(sql: PgClient.PgClient, histories: LogHistories["Service"], place: FeedPlace) {
    const { lineage, place: positions, wentBack } = yield* histories.continueAt(place.lineage, place.positions)
    if (isSameHistory(place, { lineage })) return { place, kept: undefined }
    const { common, heads } = yield* readContinuation(sql, place.lineage)
    const [history] = yield* sql<{ generation: bigint; erasure: bigint; is_other_server: boolean }>`
      select next.generation, next.erasure,
        exists (
          select from log_histories later join log_histories last on last.history = next.history - 1
          where later.history > last.history and (later.timeline, later.storage) is distinct from (last.timeline, last.storage)
        ) as is_other_server
      from log_histories next where next.history = ${BigInt(common ?? -1)} + 1`
    // A standby may lack rows of projections even if it has every event. A reader may then have
    // documents that it lacks, of users of whom nothing is told again.
    const isLost = wentBack.length > 0 || history === undefined || history.is_other_server ||
      place.erasure > Number(history.erasure) || Math.max(place.generation, place.walk?.upTo ?? 0) > Number(history.generation)
    const next: FeedPlace = isLost ? { lineage, positions, generation: nothingTold, erasure: 0 } : { ...place, lineage, positions }
    if (isLost) yield* addGenerationAfterLoss(sql)
    const kept: Kept = {
      generation: Number(history?.generation ?? 0),
      slices: allSlices.map((slice) => ({ slice, position: heads?.[slice] ?? Position(0) }))
    }
    return { place: next, kept }
  }
)
