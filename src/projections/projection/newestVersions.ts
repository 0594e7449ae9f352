import type { AnyProjection } from "./Projection.ts"

/** The newest version of each projection, in the order of the projections. */
export const newestVersions = (projections: ReadonlyArray<AnyProjection>): ReadonlyArray<AnyProjection> =>
  [...Map.groupBy(projections, ({ name }) => name).values()].map((versions) => versions.reduce((a, b) => b.version > a.version ? b : a))
