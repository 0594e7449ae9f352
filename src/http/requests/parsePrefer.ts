const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const quoted = "\"(?:[^\"\\\\]|\\\\.)*\""
// An open quote goes to the end: no character is looked at twice.
const quotedOrCut = "\"(?:[^\"\\\\]|\\\\.)*(?:\"|\\\\?$)"
const elements = new RegExp(`(?:${quotedOrCut}|[^,"])+`, "g")
const preference = new RegExp(`^[ \\t]*(${token})[ \\t]*(?:=[ \\t]*(${token}|${quoted})[ \\t]*)?(?:;|$)`)

/**
 * The preferences of a `Prefer` header: names and values in lower case, without parameters.
 *
 * Several headers are joined with commas. The first of equal names counts, and a malformed one does
 * not (RFC 7240).
 */
export const parsePrefer = (header: string | undefined): ReadonlyMap<string, string> => {
  const preferences = new Map<string, string>()
  for (const element of header?.match(elements) ?? []) {
    const [, name, value = ""] = preference.exec(element) ?? []
    if (name === undefined || preferences.has(name.toLowerCase())) continue
    preferences.set(name.toLowerCase(), (value.startsWith("\"") ? value.slice(1, -1).replaceAll(/\\(.)/g, "$1") : value).toLowerCase())
  }
  return preferences
}
