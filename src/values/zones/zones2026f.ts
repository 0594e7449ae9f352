import packed from "zones-2026f/data/packed/latest.json" with { type: "json" }
import { zoneData } from "./ZoneData.ts"

/** IANA 2026f. */
export const zones2026f = zoneData(packed)
