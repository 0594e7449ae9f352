import { exact, type FastTrackEvent } from "../../client/src/index.ts"
import type { FastTrackItem } from "../oracle/FastTrackItem.ts"

/**
 * Generated items as a user of the client has them: digits that a double loses are exact numbers.
 */
export const sentItems = (items: ReadonlyArray<FastTrackItem>): ReadonlyArray<FastTrackEvent> => items.map((item) => written(item)) as never

const written = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(written)
  if (typeof value !== "object" || value === null) return value
  if ("raw" in value && typeof value.raw === "string") return exact(value.raw)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, written(member)]))
}
