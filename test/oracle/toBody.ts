const json = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(json).join(",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  if ("raw" in value && typeof value.raw === "string") return value.raw
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${json(member)}`).join(",")}}`
}

/**
 * The text of a bulk body `{"items": [...]}`, or of the bare array. An object `{ raw }` is written
 * as its digits, so that numbers go out exactly as they were chosen; nothing else in an item may be
 * an object with a text named `raw`.
 */
export const toBody = (items: ReadonlyArray<unknown>, shape: "items" | "array" = "items"): string =>
  shape === "items" ? json({ items }) : json(items)
