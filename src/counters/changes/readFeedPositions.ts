import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import { arrayOf } from "../../database/arrayOf.ts"
import * as Checkpoints from "../../projections/feed/Checkpoints.ts"
import { known } from "../../values/known.ts"
import { Position } from "../../values/Position.ts"
import { Slice } from "../../values/Slice.ts"
import type { FeedState } from "./FeedPlace.ts"
import { vectorOf } from "./LogOffset.ts"

/** A version of a projection. */
interface Version {
  readonly projection: string
  readonly version: number
}

/**
 * How far some projections have come in each slice, with the newest generation and erasure.
 *
 * One statement reads all of it, so it is of one moment. Only active versions count, so a version
 * that is rebuilt and not read yet does not. Versions that this code cannot run (`failing`) or does
 * not know do not count either.
 */
export const readFeedPositions = (sql: PgClient.PgClient, projections: ReadonlyArray<string>, failing: ReadonlyArray<Version>) =>
  Effect.map(
    sql<{ positions: ReadonlyArray<string>; generation: bigint; erasure: bigint }>`
      select
        array(
          select c.slice || '/' || min(c.position)
          from (${Checkpoints.ofActive(sql)}) as c
          where c.projection = any (${arrayOf.text(projections)}::text[]) and (c.projection, c.version) not in (
            select * from unnest(${arrayOf.text(failing.map(({ projection }) => projection))}::text[],
              ${arrayOf.int4(failing.map(({ version }) => version))}::int[]))
          group by c.slice
        ) as positions,
        (select coalesce(max(generation), 0) from generations) as generation,
        (select coalesce(max(erasure), 0) from erased_users) as erasure`,
    ([row]): Omit<FeedState, "lineage"> => {
      const { erasure, generation, positions } = known(row, "row of a statement that gives one")
      return {
        positions: vectorOf(
          positions.map((text) => {
            const [slice, position] = text.split("/")
            return [Slice(Number(slice)), Position(Number(position))] as const
          })
        ),
        generation: Number(generation),
        erasure: Number(erasure)
      }
    }
  )
