import type { VersionRef } from "../../../projections/feed/VersionRef.ts"
import { tenantRoot } from "../../markup/layout.ts"

/** The page of all projections, and the entry of the navigation. */
export const projectionsPath = "/console/projections"

/** The page of one projection. */
export const projectionPath = (name: string): string => `${projectionsPath}/${encodeURIComponent(name)}`

/** Where a change of a version goes. */
export const versionPath = ({ name, version }: VersionRef, change: string): string => `${projectionPath(name)}/${version}/${change}`

/** The page of parked users: those of a projection, or all. */
export const parkedPath = (name?: string): string => `/console/parked${name === undefined ? "" : `?projection=${encodeURIComponent(name)}`}`

/** The page of a player. */
export const playerPath = (tenant: string, userId: string): string => `${tenantRoot(tenant)}/players/${encodeURIComponent(userId)}`
