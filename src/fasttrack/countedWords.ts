import { lowerCase } from "../values/asciiCase.ts"
import type { FastTrackEvent } from "./FastTrackEvent.ts"
import type { PaymentData } from "./PaymentData.ts"
import type { SportsBetData } from "./SportsBetData.ts"

/*
 * The one place that says which words make a payment or a sports event count. The projections
 * follow it, `uncounted` lists what it leaves out, and the API's description names its words. Words
 * are compared in lower case.
 */

/** FastTrack's own words for the direction of a payment, and those of its other interfaces. */
const directions: ReadonlyMap<string, "deposit" | "withdrawal"> = new Map([
  ["credit", "deposit"],
  ["deposit", "deposit"],
  ["debit", "withdrawal"],
  ["withdrawal", "withdrawal"],
  ["withdraw", "withdrawal"]
])

const known = <const W extends string>(...words: ReadonlyArray<W>): ReadonlyMap<string, W> => new Map(words.map((word) => [word, word]))

const paymentStatuses = known("requested", "approved", "rejected", "cancelled", "rollback")
const sportsTypes = known("bet", "settlement")
const sportsStatuses = known("approved", "rollback")

/** The words that count, in lower case. */
export const countedWords = {
  "realtime-payment": { type: [...directions.keys()], status: [...paymentStatuses.keys()] },
  "realtime-sports-bet": { type: [...sportsTypes.keys()], status: [...sportsStatuses.keys()] }
} as const

/**
 * Which way the money of a payment goes, and the step it has come to; undefined if its type or
 * status is none of those that count.
 */
export const paymentStep = ({ status, type }: PaymentData) => {
  const direction = directions.get(lowerCase(type))
  const step = paymentStatuses.get(lowerCase(status))
  return direction === undefined || step === undefined ? undefined : { direction, status: step }
}

/**
 * What a sports event says of which kind of ticket; undefined if its type or status is none of
 * those that count.
 */
export const sportsStep = ({ status, type }: SportsBetData) => {
  const kind = sportsTypes.get(lowerCase(type))
  const step = sportsStatuses.get(lowerCase(status))
  return kind === undefined || step === undefined ? undefined : { kind, status: step }
}

/**
 * The word for which no projection counts an event, in lower case. The type comes first: without
 * one that counts, no status does.
 */
export interface UncountedWord {
  readonly field: "type" | "status"
  readonly word: string
}

/** The word for which no projection counts an event; undefined of one that counts. */
export const uncountedWord = (event: FastTrackEvent): UncountedWord | undefined => {
  if (event.event !== "realtime-payment" && event.event !== "realtime-sports-bet") return undefined
  if ((event.event === "realtime-payment" ? paymentStep(event.data) : sportsStep(event.data)) !== undefined) return undefined
  const type = lowerCase(event.data.type)
  const isKnownType = event.event === "realtime-payment" ? directions.has(type) : sportsTypes.has(type)
  return isKnownType ? { field: "status", word: lowerCase(event.data.status) } : { field: "type", word: type }
}
