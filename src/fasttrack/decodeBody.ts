import * as Result from "effect/Result"
import type { Steps } from "../values/steps.ts"
import { type BodyBounds, BodyScan } from "./BodyScan.ts"
import { BulkItems } from "./BulkItems.ts"
import { type MalformedJson, malformedJson } from "./malformedJson.ts"

/**
 * The body is JSON but neither `{"items": [...]}` nor an array, or has more beside its items than
 * an item may have.
 */
export interface NotABatch {
  readonly _tag: "NotABatch"
}

/** The body has more items, or more JSON values, than a body may have. */
export interface TooMany {
  readonly _tag: "TooManyItems" | "TooManyValues"
  readonly limit: number
}

export type BodyProblem = MalformedJson | NotABatch | TooMany

/**
 * The items of a bulk body, `{"items": [...]}` or `[...]`, not decoded yet; in steps. That the
 * items are JSON shows when they are parsed, see `BulkItems`.
 */
export function* decodeBody(bytes: Uint8Array, bounds: BodyBounds): Steps<Result.Result<BulkItems, BodyProblem>> {
  const scan = new BodyScan(bytes, bounds)
  while (!scan.advance()) yield
  switch (scan.end) {
    case "items":
      return Result.succeed(new BulkItems(scan, bounds))
    case "too-many-items":
      return Result.fail({ _tag: "TooManyItems", limit: bounds.items })
    case "too-many-values":
      return Result.fail({ _tag: "TooManyValues", limit: bounds.values })
    default:
      return Result.fail((yield* malformedJson(bytes)) ?? { _tag: "NotABatch" })
  }
}
