import { isJsonObject } from "./canonicalJson.ts"

/**
 * The JSON text of an item as it was received, for keeping one that was rejected: no digit is lost, and unpaired surrogates are
 * escaped. Unlike `JSON.stringify` it copes with an item of any depth.
 */
export const itemText = (item: unknown): string => {
  try {
    return JSON.stringify(item)
  } catch {
    return stringifyAnyDepth(item)
  }
}

const stringifyAnyDepth = (item: unknown): string => {
  const parts: Array<string> = []
  // What is still to be written, the next at the end. Texts are written as they are.
  const pending: Array<string | { readonly value: unknown }> = [{ value: item }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === "string") {
      parts.push(next)
    } else if (Array.isArray(next.value)) {
      parts.push("[")
      pending.push("]")
      for (let i = next.value.length - 1; i >= 0; i--) pending.push({ value: next.value[i] }, i === 0 ? "" : ",")
    } else if (isJsonObject(next.value)) {
      const entries = Object.entries(next.value)
      parts.push("{")
      pending.push("}")
      for (const [i, [key, value]] of entries.entries().toArray().toReversed()) {
        pending.push({ value }, `${i === 0 ? "" : ","}${JSON.stringify(key)}:`)
      }
    } else {
      parts.push(JSON.stringify(next.value))
    }
  }
  return parts.join("")
}
