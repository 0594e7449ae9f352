import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"

/**
 * Where an event stands in its slice, and what its payload takes in the database, as
 * {@link placeColumns} selects it.
 */
export interface Place {
  readonly position: bigint
  readonly size: number
  readonly is_compressed: boolean
}

/** Selects a {@link Place} without reading the payload. */
export const placeColumns = "position, pg_column_size(payload) as size, pg_column_compression(payload) is not null as is_compressed"

/** An event with the bytes of its payload. */
export interface SizedPlace {
  readonly position: Position
  readonly bytes: number
}

/**
 * Compressed payloads whose sizes are found out at a time: each is unpacked for it, inside the
 * database.
 */
const unpacked = 16

/**
 * The first places whose payloads together have at most `bytes` bytes: at least one. No payload
 * leaves the database.
 */
export const fitPlaces = Effect.fnUntraced(function*(sql: PgClient.PgClient, slice: Slice, places: ReadonlyArray<Place>, bytes: number) {
  const fitting: Array<SizedPlace> = []
  let sum = 0
  for (let at = 0; at < places.length; at += unpacked) {
    const some = places.slice(at, at + unpacked)
    const sizes = yield* sizesOf(sql, slice, some)
    for (const { position, size } of some) {
      const own = sizes.get(position) ?? size
      sum += own
      if (sum > bytes && fitting.length > 0) return fitting
      fitting.push({ position: Position(Number(position)), bytes: own })
    }
  }
  return fitting
}) satisfies (...args: never) => Effect.Effect<ReadonlyArray<SizedPlace>, SqlError.SqlError>

/** The bytes of those payloads that the database has compressed. */
const sizesOf = (sql: PgClient.PgClient, slice: Slice, places: ReadonlyArray<Place>) => {
  const compressed = places.filter(({ is_compressed }) => is_compressed)
  if (compressed.length === 0) return Effect.succeed(new Map<bigint, number>())
  return Effect.map(
    sql<{ position: bigint; bytes: number }>`
      select position, octet_length(payload::text) as bytes from events
      where slice = ${slice} and position = any (${arrayOf.int8(compressed.map(({ position }) => Number(position)))}::bigint[])`,
    (rows) => new Map(rows.map(({ bytes, position }) => [position, bytes]))
  )
}
