import type { ZoneData } from "./ZoneData.ts"
import { zones2026f } from "./zones2026f.ts"

/**
 * The data that versions of projections name, the newest first. An update puts one in front:
 * docs/time-zones.md.
 */
export const pinnedZones: readonly [ZoneData, ...ReadonlyArray<ZoneData>] = [zones2026f]

/** The newest data: that of each version that names no other. */
export const [currentZones] = pinnedZones

/** The newest data's version, such as `2026f`. */
export const zoneDataVersion: string = currentZones.version ?? "none"
