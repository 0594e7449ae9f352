/** A table that a move replicates, and whether it leaves the rows of other slices out. */
export interface ReplicatedTable {
  readonly name: string
  readonly isFiltered: boolean
}

/**
 * The tables that go with the slices, besides those of the versions of projections. The directory,
 * the keys and the rejected items stay at home.
 *
 * A row filter needs the slice in the primary key. The other tables are replicated whole, and
 * `cutHalf` removes what is of other slices after a split.
 */
export const replicatedTables = ({ isHome }: { readonly isHome: boolean }): ReadonlyArray<ReplicatedTable> => [
  { name: "events", isFiltered: true },
  { name: "slice_heads", isFiltered: true },
  { name: "fenced_heads", isFiltered: true },
  { name: "checkpoints", isFiltered: true },
  { name: "fenced_checkpoints", isFiltered: true },
  { name: "time_zone_moves", isFiltered: true },
  { name: "log_histories", isFiltered: false },
  { name: "erased_users", isFiltered: false },
  { name: "unfinished_erasures", isFiltered: false },
  { name: "generations", isFiltered: false },
  { name: "projection_versions", isFiltered: false },
  { name: "projections", isFiltered: false },
  { name: "parked_users", isFiltered: false },
  { name: "partition_fence", isFiltered: false },
  // At home a change of zone is told on its own.
  ...isHome ? [] : [{ name: "tenants", isFiltered: false }]
]
