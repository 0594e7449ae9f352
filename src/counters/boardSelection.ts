import * as Result from "effect/Result"
import { type Board, type Period, ruleOf } from "../projections/catalog/rules/boards.ts"

/** A request for a board. */
export interface BoardSelection {
  readonly board: Board
  readonly period: Period
  /** A date of the period in days since 1970-01-01. Undefined for today in the tenant's zone. */
  readonly day: number | undefined
  /** In letters of any case; null if the board has none. */
  readonly currency: string | null
}

/** The part of a request that does not fit the board, and why. */
export interface Misfit {
  readonly part: "period" | "currency"
  readonly message: string
}

/** The requested board, if it exists: a board has some periods, and currencies or none. */
export const boardSelection = ({ board, currency, day, period }: {
  readonly board: Board
  readonly period: Period
  readonly day: number | undefined
  readonly currency: string | undefined
}): Result.Result<BoardSelection, Misfit> => {
  const { hasCurrency, periods } = ruleOf(board)
  if (!periods.includes(period)) return Result.fail({ part: "period", message: `${board} has only ${periods.join(", ")}.` })
  if (hasCurrency && currency === undefined) return Result.fail({ part: "currency", message: `${board} has one board for each.` })
  if (!hasCurrency && currency !== undefined) return Result.fail({ part: "currency", message: `${board} has none.` })
  return Result.succeed({ board, period, day, currency: currency ?? null })
}
