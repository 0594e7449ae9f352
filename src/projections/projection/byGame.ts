import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { compareUtf8 } from "../../values/compareUtf8.ts"
import { byCurrency } from "./byCurrency.ts"
import type { Section } from "./Section.ts"

const maxLength = 256
const hashLength = 64

/**
 * The game_id as a part of a key. An event may carry one of thousands of characters, which no index
 * of PostgreSQL holds: one of more than 256 goes by its first 191, a space and its SHA-256 in
 * hexadecimal.
 */
export const gameKey = (gameId: string): string => {
  if (gameId.length <= maxLength) return gameId
  const characters = [...gameId]
  return characters.length <= maxLength
    ? gameId
    : `${characters.slice(0, maxLength - hashLength - 1).join("")} ${createHash("sha256").update(gameId).digest("hex")}`
}

/**
 * The section of a projection whose totals are kept per `game_id` and `currency`:
 * `{ GAME: { CUR: { …columns } } }` (docs/design.md#games).
 */
export const byGame = (columns: Parameters<typeof byCurrency>[0]): Section => {
  const currencies = byCurrency(columns)
  return {
    schema: Schema.Record(Schema.String, currencies.schema).annotate({ description: "By game_id" }),
    present: (rows, context) =>
      Object.fromEntries(
        [...Map.groupBy(rows, (row) => String(row["game_id"]))]
          .sort(([a], [b]) => compareUtf8(a, b))
          .map(([gameId, own]) => [gameId, currencies.present(own, context)])
      ),
    rowOf: ([gameId, currency]) => gameId === undefined || currency === undefined ? undefined : [gameId, currency]
  }
}
