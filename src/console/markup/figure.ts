import type { ValueKind } from "../../counters/history/counterPath.ts"
import { type Content, html } from "./html.ts"
import { moment } from "./moment.ts"

/** A number with its digits in groups of three. The digits stay exact. */
export const grouped = (number: number | bigint | string): string => {
  const [whole = "", fraction] = String(number).split(".")
  const groups = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ",")
  return fraction === undefined ? groups : `${groups}.${fraction}`
}

/** A difference with its sign. */
export const signed = (difference: number | string): string => {
  const text = grouped(difference)
  return text.startsWith("-") ? `−${text.slice(1)}` : text === "0" ? text : `+${text}`
}

/** A value of a counters document, for reading. */
export const valueText = (kind: ValueKind, value: unknown): Content => {
  if (value === null || value === undefined) return html`<span class="nothing">—</span>`
  if (kind !== "other") return grouped(value as number | string)
  if (typeof value === "boolean") return value ? "yes" : "no"
  const text = String(value)
  return time.test(text) ? moment(new Date(text)) : text
}

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** A name of a section or a field in words: `bet_amount` is "bet amount". */
export const inWords = (name: string): string => name.replaceAll("_", " ")
