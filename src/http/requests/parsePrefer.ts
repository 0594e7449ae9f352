const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const quoted = "\"(?:[^\"\\\\]|\\\\.)*\""
// One that does not end goes to the end, so that nothing is looked at twice.
const quotedOrCut = "\"(?:[^\"\\\\]|\\\\.)*(?:\"|\\\\?$)"
const elements = new RegExp(`(?:${quotedOrCut}|[^,"])+`, "g")
const preference = new RegExp(`^[ \\t]*(${token})[ \\t]*(?:=[ \\t]*(${token}|${quoted})[ \\t]*)?(?:;|$)`)

/**
 * The preferences of a `Prefer` header (several headers joined with commas), names and values
 * lower-cased, without their parameters. The first of equal names counts, and what is not
 * well-formed does not, as RFC 7240 has it.
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
