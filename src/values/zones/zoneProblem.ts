import { pinnedZones } from "./pinnedZones.ts"
import { fixedOffset, spellingOf } from "./ZoneData.ts"

/**
 * Why a text cannot be given to a tenant as its zone, as a sentence that names the right spelling
 * if there is one. Undefined for `UTC` and for each name of IANA's of the form `Area/Place`, zones
 * and links alike, that all the data in use has.
 */
export const zoneProblem = (text: string): string | undefined => {
  const [{ names }] = pinnedZones
  if (pinnedZones.every((data) => data.names.has(text)) && (text === "UTC" || text.includes("/"))) return undefined
  const said = `"${text.slice(0, 100)}"`
  const spelled = names.has(text) ? text : spellingOf(names.keys(), text)
  if (spelled !== undefined && (spelled === "UTC" || spelled.includes("/"))) {
    return `${said} is not how the zone is spelled: it is ${spelled}.`
  }
  if (spelled !== undefined) {
    const target = names.get(spelled) ?? spelled
    const place = target.startsWith("Etc/") ? "UTC" : target
    return place.includes("/") || place === "UTC"
      ? `${said} is an abbreviation that IANA keeps for old systems: the zone is ${place}.`
      : `${said} is an abbreviation that IANA keeps for old systems: name a place, such as Europe/Malta.`
  }
  const offset = fixedOffset(text)
  return offset === undefined
    ? `${said} is not the name of a time zone of IANA's, such as Europe/Malta or UTC.`
    : `${said} is an offset, which has no summer time: name a place, such as Europe/Malta${fixedName(offset)}.`
}

/** How IANA names a fixed offset of whole hours; its signs are those of POSIX. */
const fixedName = (offset: number): string => {
  const hours = offset / 3_600_000
  const name = hours === 0 ? "UTC" : `Etc/GMT${hours > 0 ? "-" : "+"}${Math.abs(hours)}`
  const [{ names }] = pinnedZones
  if (!names.has(name)) return ""
  return hours === 0 ? ", or UTC" : `, or ${name} for an offset that never changes (the sign is the other way round there)`
}
