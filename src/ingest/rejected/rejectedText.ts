import { decimalText } from "../../fasttrack/decimalText.ts"
import { eventKinds } from "../../fasttrack/eventKinds.ts"
import { toJsonNumber } from "../../fasttrack/JsonNumber.ts"
import type { UserId } from "../../values/UserId.ts"

/**
 * A string of a JSON text, with the colon after it if it is a key and without its end if that is
 * cut off; or a number.
 */
const token = /"([^"\\]*(?:\\.[^"\\]*)*)("[ \t\r\n]*(:)?)?|-?\d[\d.eE+-]*/g

/** A string that may be JSON itself. */
const perhapsJson = /^\s*[[{"]|"/

/**
 * More levels of JSON within strings of JSON than fit into an item: each doubles the backslashes of
 * the one within.
 */
const maxLevels = 16

const number = /^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/

/** A number's value as an id says it; undefined of what is no number. */
export const numberText = (text: string): string | undefined => number.test(text) ? decimalText(toJsonNumber(text)) ?? text : undefined

/** The keys that items of any user have. */
const fieldNames: ReadonlySet<string> = new Set([
  "event",
  "data",
  "user_id",
  "timestamp",
  ...Object.values(eventKinds).flatMap(({ data }) => Object.keys(data.fields))
])

/**
 * Whether an id stands in the JSON text of an item, or in the beginning of one, as a whole string
 * or number: as a value, an element or a key, under whatever name, at any depth, and in JSON that a
 * string has in it. A number is the id if its value is; a key that FastTrack's own items have is
 * nobody. Letters of another case and white space make another string. `isCut` says that the text
 * may end within a string, which then is the id if the id begins with it.
 */
export const standsIn = (text: string, userId: UserId, isCut = false, levels = maxLevels): boolean => {
  for (const [whole, inside, end, colon] of text.matchAll(token)) {
    if (inside === undefined) {
      if (whole === userId || numberText(whole) === userId) return true
      continue
    }
    const value = unescaped(inside)
    if (value === userId && !(colon !== undefined && fieldNames.has(value))) return true
    if (end === undefined && isCut && value !== "" && userId.startsWith(value)) return true
    if (levels > 0 && perhapsJson.test(value) && standsIn(value, userId, isCut && end === undefined, levels - 1)) return true
  }
  return false
}

const unescaped = (inside: string): string => {
  if (!inside.includes("\\")) return inside
  try {
    return JSON.parse(`"${inside}"`)
  } catch {
    // Cut within an escape, or no JSON.
    return inside.replace(/\\u[\da-f]{0,3}$|\\$/i, "").replace(/\\(.)/g, "$1")
  }
}

/** Characters that every program that writes JSON leaves as they are. */
const plain = /[\w.:@ -]+/g

/**
 * A text that stands, as it is, in every JSON text that has the id in it, at whatever level of JSON
 * within strings; empty if there is none.
 */
export const tellTale = (userId: UserId): string =>
  (userId.match(plain) ?? []).reduce((longest, run) => run.length > longest.length ? run : longest, "")

/** Whether an id could be the value of a number that is written in another way. */
export const isNumeric = (text: string): boolean => /^-?\d+(?:\.\d+)?$/.test(text)
