import * as Result from "effect/Result"
import { bodyBounds } from "../../../src/fasttrack/bodyBounds.ts"
import type { BodyBounds } from "../../../src/fasttrack/BodyScan.ts"
import type { BulkItems } from "../../../src/fasttrack/BulkItems.ts"
import { decodeBody } from "../../../src/fasttrack/decodeBody.ts"
import { finish } from "../../../src/values/steps.ts"
import { toBody } from "../../oracle/toBody.ts"

/** The bounds of a service with the default settings. */
export const defaultBounds = bodyBounds({ itemsPerRequest: 10_000, bytesPerEvent: 256 * 1024 })

/** What a body is read as: its items, or what is wrong with it. */
export const readBody = (body: string | Uint8Array, bounds: BodyBounds = defaultBounds) =>
  finish(decodeBody(typeof body === "string" ? new TextEncoder().encode(body) : body, bounds))

/** The items of a body that is taken. */
export const bodyItems = (body: string | Uint8Array, bounds?: BodyBounds): BulkItems => Result.getOrThrow(readBody(body, bounds))

/**
 * Items as a request with them in its body brings them; numbers may be given as their digits, as
 * `toBody` says.
 */
export const bulkItems = (items: ReadonlyArray<unknown>): BulkItems => bodyItems(toBody(items))

/** All items, parsed. */
export const parsedItems = (items: BulkItems): ReadonlyArray<unknown> => {
  const parsed: Array<unknown> = []
  while (parsed.length < items.count) parsed.push(...Result.getOrThrow(items.piece(parsed.length)))
  return parsed
}
