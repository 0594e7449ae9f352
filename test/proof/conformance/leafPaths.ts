const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null

const escaped = (name: string): string => name.replaceAll("~", "~0").replaceAll(".", "~1")

/** The paths of all values in the sections of a counters document, as `explain` takes them. */
export const leafPaths = (document: object): ReadonlyArray<string> => {
  const below = (value: unknown, path: string): ReadonlyArray<string> =>
    isObject(value) ? Object.entries(value).flatMap(([name, member]) => below(member, `${path}.${escaped(name)}`)) : [path]
  // The generations are no section.
  return Object.entries(document).flatMap(([section, value]) => isObject(value) && section !== "generations" ? below(value, section) : [])
}
