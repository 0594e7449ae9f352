import { type PgProtocol, PgTypes } from "@effect/sql-pg"
import * as Result from "effect/Result"

const [minus, point, zero, nine] = [45, 46, 48, 57]
const negative = 0x4000

/** The four-digit groups of the current number: three before the point, two after it. */
const groups = new Uint16Array(5)
const before = 3

/**
 * Splits plain decimal text into the groups, and gives the number of its decimals.
 *
 * Undefined for any other or longer text, which amounts hardly ever have.
 */
const split = (text: string): number | undefined => {
  let [whole, fraction, decimals, digits] = [0, 0, -1, 0]
  for (let at = text.charCodeAt(0) === minus ? 1 : 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === point && decimals === -1 && digits > 0) decimals = 0
    else if (code < zero || code > nine || ++digits > 20) return undefined
    else if (decimals === -1) whole = whole * 10 + code - zero
    else {
      fraction = fraction * 10 + code - zero
      decimals++
    }
  }
  if (digits === 0 || whole >= 1e12 || decimals > 8) return undefined
  for (let missing = Math.max(decimals, 0); missing < 8; missing++) fraction *= 10
  groups[0] = whole / 1e8
  groups[1] = Math.floor(whole / 1e4) % 1e4
  groups[2] = whole % 1e4
  groups[3] = fraction / 1e4
  groups[4] = fraction % 1e4
  return Math.max(decimals, 0)
}

const write = (sink: PgProtocol.ValueSink, text: string): Result.Result<void, PgTypes.CodecError> => {
  const decimals = typeof text === "string" ? split(text) : undefined
  if (decimals === undefined) return Result.map(PgTypes.encode(text, PgTypes.OID.numeric), (bytes) => sink.raw(bytes))
  let [first, end] = [0, groups.length]
  while (first < end && groups[first] === 0) first++
  while (end > first && groups[end - 1] === 0) end--
  sink.int16(end - first)
  sink.int16(first === end ? 0 : before - 1 - first)
  sink.int16(first < end && text.charCodeAt(0) === minus ? negative : 0)
  sink.int16(decimals)
  for (let at = first; at < end; at++) sink.int16(groups[at] ?? 0)
  return Result.void
}

const decode = (bytes: Uint8Array): Result.Result<string, PgTypes.CodecError> =>
  Result.map(PgTypes.decode(bytes, PgTypes.OID.numeric, 1), String)

/**
 * Numerics as the driver reads and writes them, in a small part of its time where they are plain
 * and short.
 *
 * Numerics are most of what a projection writes, and most often they are 0.
 */
export const numericCodec: PgTypes.Codec<string> = { encode: (text) => PgTypes.encode(text, PgTypes.OID.numeric), decode, write }

/** The driver's types, with {@link numericCodec}. */
export const postgresTypes: PgTypes.Registry = PgTypes.makeRegistry()
postgresTypes.register(PgTypes.OID.numeric, numericCodec)
