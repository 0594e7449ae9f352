import type { EntityRow } from "../projection/EntityTable.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import { contributionsOf } from "./foldUser.ts"
import { Totals, type TotalsRow } from "./Totals.ts"

/**
 * A user's totals from all of the user's entities. The entities are added one by one, each as it
 * stands.
 */
export class EntityCount {
  private readonly projection: AnyProjection
  private readonly totals: Totals | undefined

  constructor(projection: AnyProjection) {
    this.projection = projection
    this.totals = projection.totals === undefined ? undefined : new Totals(projection.totals)
  }

  add({ row, table }: { readonly table: string; readonly row: EntityRow }): void {
    for (const contribution of contributionsOf(this.projection, table, row)) this.totals?.add(contribution)
  }

  get rows(): ReadonlyArray<TotalsRow> {
    return this.totals?.rows ?? []
  }
}
