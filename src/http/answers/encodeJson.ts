import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Breather } from "../../platform/Breather.ts"
import { JsonText } from "./JsonText.ts"

/** The JSON of a document has more than {@link maxAnswerBytes}. */
export class DocumentTooLarge extends Schema.TaggedError<DocumentTooLarge>("playtally/http/DocumentTooLarge")("DocumentTooLarge", {}) {}

/** How deep a document is taken apart: what lies deeper is one row, one event or one entry. */
const depth = 3
/** Characters that become bytes at once. */
const pieceLength = 64 * 1024

/** Most bytes of an answer. */
export const maxAnswerBytes = 24 * 1024 * 1024

/** The JSON text of a value in pieces. Together they are what `JSON.stringify` gives. */
function* piecesOf(value: unknown, level: number): Generator<string> {
  if (value instanceof JsonText) {
    yield value.text
  } else if (level === 0 || typeof value !== "object" || value === null) {
    yield JSON.stringify(value)
  } else if (Array.isArray(value)) {
    let separator = "["
    for (const member of value) {
      yield separator
      yield* piecesOf(member ?? null, level - 1)
      separator = ","
    }
    yield value.length === 0 ? "[]" : "]"
  } else {
    let separator = "{"
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue
      yield `${separator}${JSON.stringify(name)}:`
      yield* piecesOf(member, level - 1)
      separator = ","
    }
    yield separator === "{" ? "{}" : "}"
  }
}

/**
 * The UTF-8 bytes of a document as `JSON.stringify` writes it, with pauses for other requests.
 *
 * The document is plain data, without `toJSON` and functions. `see` gets the bytes piece by piece.
 * Fails with {@link DocumentTooLarge} beyond {@link maxAnswerBytes}.
 */
export const encodeJson = Effect.fnUntraced(function*(document: unknown, see: (bytes: Uint8Array) => void = () => {}) {
  const breather = new Breather()
  const chunks: Array<Uint8Array> = []
  let text = ""
  let length = 0
  const flush = () => {
    const bytes = Buffer.from(text, "utf8")
    see(bytes)
    chunks.push(bytes)
    length += bytes.byteLength
    text = ""
  }
  for (const piece of piecesOf(document, depth)) {
    text += piece
    if (text.length >= pieceLength) flush()
    if (length > maxAnswerBytes) return yield* new DocumentTooLarge()
    if (breather.isDue) yield* breather.rest
  }
  flush()
  const [only, ...more] = chunks
  return more.length === 0 && only !== undefined ? only : Buffer.concat(chunks)
})
