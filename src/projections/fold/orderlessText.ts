/**
 * A value that JSON can hold, as text that does not depend on the order in which the members of
 * objects were set.
 */
export const orderlessText = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  if (Array.isArray(value)) return `[${value.map(orderlessText).join()}]`
  const members = value as Readonly<Record<string, unknown>>
  return `{${Object.keys(members).sort().map((name) => `${JSON.stringify(name)}:${orderlessText(members[name])}`).join()}}`
}
