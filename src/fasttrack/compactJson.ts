import { isSpace, token } from "./jsonBytes.ts"
import type { Steps } from "./steps.ts"

/** Bytes looked at in one step, about. */
const stride = 512 * 1024

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })
const encoder = new TextEncoder()

/**
 * The text of a JSON value in UTF-8, without white space between its parts, and with each string as `JSON.stringify` writes it, so that a character has one
 * spelling. Numbers, repeated keys and the order of keys stay as they are. It copes with any depth, and with what is no JSON. Works in steps, and is linear.
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
      const start = at
      let isEscaped = false
      for (at++; at < bytes.length && bytes[at] !== token.quote; at++) {
        if (bytes[at] === token.backslash) {
          isEscaped = true
          at++
        }
      }
      at = Math.min(at + 1, bytes.length)
      const string = isEscaped ? respelled(bytes.subarray(start, at)) : bytes.subarray(start, at)
      compact.set(string, length)
      length += string.length
    } else {
      if (!isSpace(byte)) compact[length++] = byte
      at++
    }
  }
  return utf8.decode(compact.subarray(0, length))
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
