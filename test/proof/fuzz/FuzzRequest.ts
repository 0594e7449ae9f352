import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import type { Random } from "../../oracle/random.ts"
import type { RawAnswer, Sending } from "./rawHttp.ts"

/** One request, made of a seed alone. */
export interface FuzzRequest {
  /** What kind it is, for the report. */
  readonly kind: string
  readonly sending: Sending
  /** The statuses that are right; without it any that is no 5xx. */
  readonly statuses?: ReadonlyArray<number>
  /**
   * The connection may end without an answer, for what was sent is no request, or its sender did
   * not wait.
   */
  readonly mayClose?: boolean
  /** The events of which this answer says that they are stored; throws if it cannot be right. */
  readonly acknowledged?: (answer: RawAnswer) => ReadonlyArray<FastTrackItem>
}

/** What requests are drawn with. */
export interface FuzzDraw {
  readonly random: Random
  /** Nothing else has this name: for ids that must not meet. */
  readonly name: string
}

const json = { "content-type": "application/json" }

/** The bytes of a well-formed request. */
export const httpRequest = (
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string | Uint8Array
): Buffer => {
  const bytes = body === undefined ? undefined : Buffer.from(body)
  const all = { host: "127.0.0.1", ...bytes === undefined ? {} : { ...json, "content-length": String(bytes.length) }, ...headers }
  const head = [`${method} ${path} HTTP/1.1`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n")
  return Buffer.concat([Buffer.from(head, "latin1"), ...bytes === undefined ? [] : [bytes]])
}

/** The bytes cut into up to `most` parts. */
export const cut = (random: Random, bytes: Buffer, most: number): ReadonlyArray<Buffer> => {
  const places = Array.from({ length: random.below(most) }, () => random.below(bytes.length)).toSorted((a, b) => a - b)
  return [...places, bytes.length].map((place, nth) => bytes.subarray(places[nth - 1] ?? 0, place)).filter((part) => part.length > 0)
}
