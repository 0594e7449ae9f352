import * as Result from "effect/Result"
import { decodeItem } from "../../../src/fasttrack/decodeItem.ts"
import type { FastTrackEvent } from "../../../src/fasttrack/FastTrackEvent.ts"
import { parseJson } from "../../../src/fasttrack/parseJson.ts"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { identityOf } from "../../oracle/referenceCounters.ts"
import { toBody } from "../../oracle/toBody.ts"

/**
 * The events that are stored once the items have been sent in this order: decoded as the bulk
 * endpoint does it, the first of each identity.
 */
export const eventsOf = (items: ReadonlyArray<FastTrackItem>): ReadonlyArray<FastTrackEvent> => {
  const first = new Map<string, FastTrackItem>()
  for (const item of items) {
    const identity = identityOf(item)
    if (!first.has(identity)) first.set(identity, item)
  }
  const body = parseJson(toBody([...first.values()], "array"))
  if (!Array.isArray(body)) throw new Error("the body is an array")
  return body.map((item: unknown) =>
    Result.getOrThrowWith(decodeItem(item), (invalid) => new Error(`an item of the test is invalid: ${JSON.stringify(invalid)}`))
  )
}
