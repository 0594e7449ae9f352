import * as Predicate from "effect/Predicate"
import { decimalText } from "./decimalText.ts"
import { isJsonNumber, isRawNumber, toJsonNumber } from "./JsonNumber.ts"

export type JsonObject = { readonly [key: string]: unknown }

/** Whether `value` is what `parseJson` returns for a JSON object. */
export const isJsonObject = (value: unknown): value is JsonObject => Predicate.isObject(value) && !isRawNumber(value)

/**
 * The one form of all JSON values that say the same: keys sorted, each number by its value (1.0, 1
 * and 1e0 are 1), nothing lost. It is recursive, so `value` must not be nested without limit.
 */
export const canonicalJson = (value: unknown): unknown => {
  if (isJsonNumber(value)) return toJsonNumber(decimalText(value) ?? JSON.stringify(value))
  if (Array.isArray(value)) return value.map(canonicalJson)
  return isJsonObject(value) ? canonicalObject(value) : value
}

/** `canonicalJson` of an object. */
export const canonicalObject = (value: JsonObject): JsonObject =>
  // Assigning to "__proto__" would not make a key; fromEntries does.
  Object.fromEntries(Object.keys(value).sort().map((key) => [key, canonicalJson(value[key])]))
