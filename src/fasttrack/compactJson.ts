import { isSpace, token } from "./jsonBytes.ts"
import type { Steps } from "./steps.ts"

/** Bytes looked at in one step, about. */
const stride = 512 * 1024

/** A longer string is left as it came: it is none of the ids by which kept items are found. */
const longestRespelled = 64 * 1024

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })
const encoder = new TextEncoder()

/**
 * The text of a JSON value in UTF-8, without white space between its parts, and with each string as `JSON.stringify` writes it, so that a character has one
 * spelling; but for strings of more than 64 KiB. Numbers, repeated keys and the order of keys stay as they are. It copes with any depth, and with what is no JSON. Works in steps, and is linear.
 */
export function* compactJson(bytes: Uint8Array): Steps<string> {
  const compact = new Uint8Array(bytes.length)
  let length = 0
  let pause = stride
  for (let at = 0; at < bytes.length;) {
    if (at >= pause) {
      yield
      pause = at + stride
    }
    const byte = bytes[at] ?? 0
    if (byte === token.quote) {
      const raw = bytes.subarray(at, afterString(bytes, at))
      const string = raw.length <= longestRespelled && raw.includes(token.backslash) ? respelled(raw) : raw
      at += raw.length
      compact.set(string, length)
      length += string.length
    } else {
      if (!isSpace(byte)) compact[length++] = byte
      at++
    }
  }
  if (length > stride) yield
  return utf8.decode(compact.subarray(0, length))
}

/** The offset after the string that begins at `start`, or of the end. */
const afterString = (bytes: Uint8Array, start: number): number => {
  for (let at = bytes.indexOf(token.quote, start + 1); at !== -1; at = bytes.indexOf(token.quote, at + 1)) {
    let backslashes = 0
    while (bytes[at - 1 - backslashes] === token.backslash) backslashes++
    if (backslashes % 2 === 0) return at + 1
  }
  return bytes.length
}

/** Never longer than it was. */
const respelled = (string: Uint8Array): Uint8Array => {
  try {
    const spelled = encoder.encode(JSON.stringify(JSON.parse(utf8.decode(string))))
    return spelled.length <= string.length ? spelled : string
  } catch {
    return string
  }
}
