import type { Board, Period } from "../../projections/catalog/rules/boards.ts"
import { tenantRoot } from "../markup/layout.ts"

/** Which board is looked at. */
export interface BoardQuery {
  readonly board: Board
  readonly period: Period
  readonly currency: string | null
  /** `YYYY-MM-DD`; today without it. */
  readonly date?: string | undefined
  readonly player?: string | undefined
}

/** Where the boards of a tenant are, which is also their entry in the navigation. */
export const boardsPath = (tenant: string): string => `${tenantRoot(tenant)}/leaderboards`

/** Where a board is. */
export const boardPath = (tenant: string, { board, currency, date, period, player }: BoardQuery): string => {
  const query = new URLSearchParams({ board, period })
  if (currency !== null) query.set("currency", currency)
  if (date !== undefined) query.set("date", date)
  if (player !== undefined) query.set("player", player)
  return `${boardsPath(tenant)}?${query}`
}
