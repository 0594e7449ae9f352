import { createHash } from "node:crypto"
import type { FastTrackItem, WireId } from "./FastTrackItem.ts"
import { casino, type Figures, gameRounds, idText, storedOf } from "./referenceCounters.ts"

type PerGame = Readonly<Record<string, Readonly<Record<string, Figures>>>>

/**
 * How a game goes by: an id of more than 256 characters by its first 191, a space and its SHA-256.
 */
export const gameName = (gameId: string): string => {
  const characters = Array.from(gameId)
  return characters.length > 256
    ? `${characters.slice(0, 191).join("")} ${createHash("sha256").update(gameId, "utf8").digest("hex")}`
    : gameId
}

const perGame = <E extends { readonly game_id: WireId }>(
  events: ReadonlyArray<E>,
  figures: (events: ReadonlyArray<E>) => Readonly<Record<string, Figures>>
): PerGame =>
  Object.fromEntries(
    [...new Set(events.map((event) => idText(event.game_id)))].map((gameId) => [
      gameName(gameId),
      figures(events.filter((event) => idText(event.game_id) === gameId))
    ])
  )

/**
 * The counters per game of one user (docs/design.md#games): what the counters would be if the user
 * had played that game alone.
 */
export const referenceGames = (items: ReadonlyArray<FastTrackItem>, options: { readonly userId: string }) => {
  const stored = storedOf(items, options.userId)
  return {
    casino_by_game: perGame(stored.flatMap((item) => item.event === "realtime-casino" ? [item.data] : []), casino),
    game_rounds_by_game: perGame(stored.flatMap((item) => item.event === "realtime-gameround" ? [item.data] : []), gameRounds)
  }
}
