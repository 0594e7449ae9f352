import { amountOf, decimalString } from "./decimal.ts"
import type { FastTrackItem, SportsLeg, WireId, WireNumber } from "./FastTrackItem.ts"
import { instantOf } from "./instant.ts"
import { inCapitals, inSmall } from "./letters.ts"
import type { Random } from "./random.ts"
import { idText } from "./referenceCounters.ts"

/** A timestamp for the instant, in any of the spellings docs/design.md#values admits. */
export const spellInstant = (random: Random, instant: number): string => {
  const year = new Date(instant).getUTCFullYear()
  // An offset must not push the written date over the years that are admitted.
  const offsetMinutes = year > 1900 && year < 2200 && random.chance(0.3) ? 15 * (random.below(105) - 48) : 0
  const written = new Date(instant + offsetMinutes * 60_000).toISOString()
  const hour = written.slice(11, 13)
  const millis = written.slice(20, 23)
  const fraction = random.chance(0.3)
    ? `.${millis}${String(random.below(1_000_000))}`
    : random.chance(0.5)
    ? `.${millis}`
    : `.${millis}`.replace(/\.?0+$/, "")
  const absolute = Math.abs(offsetMinutes)
  const offset = `${offsetMinutes < 0 ? "-" : "+"}${String(Math.floor(absolute / 60)).padStart(2, "0")}${random.pick([":", ""])}${
    String(absolute % 60).padStart(2, "0")
  }`
  const isWholeMinute = written.slice(17, 23) === "00.000"
  return [
    written.slice(0, 10),
    random.pick(["T", "T", "T", "t", " "]),
    hour.startsWith("0") && random.chance(0.3) ? hour.slice(1) : hour,
    ...isWholeMinute && random.chance(0.5) ? [written.slice(13, 16)] : [written.slice(13, 19), fraction],
    offsetMinutes === 0 ? random.pick(["Z", "Z", "z", "", "+00:00", "-00:00", "+0000"]) : offset
  ].join("")
}

/**
 * The same number written otherwise: with trailing zeros, with an exponent, or as it is canonical.
 */
export const respellNumber = (random: Random, number: WireNumber): WireNumber => {
  const canonical = decimalString(amountOf(number))
  const [whole = "", fraction = ""] = canonical.split(".")
  const zero = canonical === "0" ? ["-0", "0.0", "0e5", "-0.0"] : []
  const trailing = fraction.length < 29 ? [`${whole}.${fraction}0`] : []
  const coefficient = `${whole}${fraction}`.replace(/^(-?)0+(?=\d)/, "$1")
  return {
    raw: random.pick([canonical, ...zero, ...trailing, `${coefficient}e-${fraction.length}`, `${coefficient}E-0${fraction.length}`])
  }
}

/**
 * The same word for the contract, which compares payment and sports types and statuses lower-cased.
 */
const recase = (random: Random, word: string): string => random.pick([inCapitals(word), inSmall(word), word])

const drop = <A extends object>(value: A, names: ReadonlyArray<string>): A => {
  const copy = { ...value }
  for (const name of names) Reflect.deleteProperty(copy, name)
  return copy
}

/**
 * Leaves out, or writes out, a field that has a default, or gives null for it: all of these say the
 * same.
 */
const respellDefault = <A extends object>(random: Random, value: A, name: keyof A & string, byDefault: unknown): A => {
  const present: unknown = value[name]
  const isAbsent = present === undefined || present === null
  const means = isAbsent || (typeof byDefault === "number" ? isZero(present) : present === byDefault)
  if (!means) return value
  return random.pick([() => drop(value, [name]), () => ({ ...value, [name]: byDefault }), () => ({ ...value, [name]: null })])()
}

/** Leaves out a field without a value, or gives null for it. */
const respellAbsence = <A extends object>(random: Random, value: A, name: keyof A & string): A =>
  (value[name] ?? null) !== null ? value : random.chance(0.5) ? drop(value, [name]) : { ...value, [name]: null }

/** An id that is the text of an integer may be written as one. */
const respellId = (random: Random, id: WireId): WireId => {
  const text = idText(id)
  return /^(?:0|-?[1-9]\d*)$/.test(text) && random.chance(0.7) ? { raw: random.pick([text, `${text}.0`]) } : text
}

const isZero = (value: unknown): boolean =>
  typeof value === "number" ? value === 0 : typeof value === "object" && value !== null && "raw" in value && Number(value.raw) === 0

const respellLeg = (random: Random, leg: SportsLeg): SportsLeg => {
  let copy: SportsLeg = { ...leg, odds: respellNumber(random, leg.odds) }
  for (const name of ["is_free_bet", "is_risk_free_bet", "is_live"] as const) copy = respellDefault(random, copy, name, false)
  for (const name of ["event_name", "market", "match_start"] as const) copy = respellDefault(random, copy, name, null)
  for (const name of ["outcomes", "meta"] as const) copy = respellAbsence(random, copy, name)
  return typeof copy.match_start === "string" ? { ...copy, match_start: spellInstant(random, instantOf(copy.match_start)) } : copy
}

const numberFields = new Set([
  "amount",
  "bonus_wager_amount",
  "base_amount",
  "bonus_bet_user",
  "total_bet_user",
  "total_bet_base",
  "bonus_win_user",
  "total_win_user",
  "total_win_base",
  "odds",
  "total_odds"
])

/**
 * A resend of the item that says the same in other words (docs/design.md#idempotency): other
 * `entry_timestamp`, `process_timestamp` and unknown fields, other spellings of numbers, times,
 * defaults, nulls and of the words that count lower-cased. The service must answer it as a
 * duplicate.
 */
export const respellItem = (random: Random, item: FastTrackItem): FastTrackItem => {
  const common = <A extends FastTrackItem["data"]>(data: A): A => {
    const copy: A = { ...data, timestamp: spellInstant(random, instantOf(data.timestamp)) }
    for (const [name, value] of Object.entries(copy)) {
      if (numberFields.has(name) && value !== null) Reflect.set(copy, name, respellNumber(random, value))
    }
    for (const name of ["entry_timestamp", "process_timestamp"]) {
      const value = random.pick([undefined, null, spellInstant(random, 1_700_000_000_000 + random.below(100_000_000_000))])
      if (value === undefined) Reflect.deleteProperty(copy, name)
      else Reflect.set(copy, name, value)
    }
    if (random.chance(0.3)) {
      Reflect.set(copy, random.pick(["resent_at", "brand", "Amount", "is_round_end"]), random.pick([1, null, "x", { a: [true] }]))
    }
    return copy
  }
  switch (item.event) {
    case "realtime-casino": {
      const data = common(item.data)
      return { ...item, data: { ...data, game_id: respellId(random, data.game_id), round_id: respellId(random, data.round_id) } }
    }
    case "realtime-login":
      return { ...item, data: common(item.data) }
    case "realtime-payment": {
      const data = respellDefault(random, common(item.data), "base_amount", 0)
      const payment_id = respellId(random, data.payment_id)
      return { ...item, data: { ...data, payment_id, type: recase(random, data.type), status: recase(random, data.status) } }
    }
    case "realtime-registration": {
      const data = respellDefault(random, common(item.data), "segmentation_isPromoBanned", null)
      return { ...item, data: { ...data, registration_date: spellInstant(random, instantOf(data.registration_date)) } }
    }
    case "realtime-gameround": {
      let data = respellDefault(random, common(item.data), "meta_reporting_currency", null)
      for (const name of ["total_bet_base", "total_win_base"] as const) data = respellDefault(random, data, name, 0)
      return { ...item, data: { ...data, game_id: respellId(random, data.game_id) } }
    }
    case "realtime-sports-bet": {
      let data = respellDefault(random, common(item.data), "is_cashout", false)
      data = respellDefault(random, data, "bets", null)
      for (const name of ["odds", "total_odds"] as const) data = respellAbsence(random, data, name)
      if (Array.isArray(data.bets)) data = { ...data, bets: data.bets.map((leg) => respellLeg(random, leg)) }
      return { ...item, data: { ...data, type: recase(random, data.type), status: recase(random, data.status) } }
    }
  }
}
