import { findSyntaxError } from "./findSyntaxError.ts"

/** The body is not JSON in UTF-8. */
export interface MalformedJson {
  readonly _tag: "MalformedJson"
  /** What is wrong, with line and column. Repeats nothing of the text. */
  readonly message: string
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** Says in steps why a text is not JSON in UTF-8. Undefined if it is. */
export function* malformedJson(bytes: Uint8Array): Generator<void, MalformedJson | undefined> {
  const at = yield* findSyntaxError(bytes)
  if (at !== undefined) {
    const { column, line } = yield* placeOf(bytes, at)
    const what = at < bytes.length ? "This is not JSON" : "The JSON ends too early"
    return { _tag: "MalformedJson", message: `${what}: line ${line}, column ${column}.` }
  }
  try {
    utf8.decode(bytes)
    return undefined
  } catch {
    return { _tag: "MalformedJson", message: "The body is not UTF-8." }
  }
}

/**
 * The line and column of an offset, both from 1. A column is a character, of whatever number of
 * bytes.
 */
function* placeOf(bytes: Uint8Array, at: number): Generator<void, { readonly line: number; readonly column: number }> {
  let line = 1
  let start = 0
  for (let next = bytes.indexOf(lineFeed); next !== -1 && next < at; next = bytes.indexOf(lineFeed, start)) {
    line++
    start = next + 1
  }
  let column = 1
  // All but the first byte of a character begin with the bits 10.
  for (let index = start; index < at; index++) {
    if (((bytes[index] ?? 0) & 0xc0) !== 0x80) column++
    if ((index - start) % stride === stride - 1) yield
  }
  return { line, column }
}

const lineFeed = 0x0a

/** Bytes looked at in one step. */
const stride = 1024 * 1024
