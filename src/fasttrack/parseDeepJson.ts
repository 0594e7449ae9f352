import { toJsonNumber } from "./JsonNumber.ts"

/** Parses a text that is known to be JSON, of any depth. It is slower than `parseJson`. */
export const parseDeepJson = (text: string): unknown => {
  const open: Array<Array<unknown> | object> = []
  let key: string | undefined
  let last: unknown

  const put = (value: unknown): void => {
    const container = open.at(-1)
    if (Array.isArray(container)) container.push(value)
    // Assigning to "__proto__" would not make a key.
    else if (container !== undefined) {
      Object.defineProperty(container, key ?? "", { value, writable: true, enumerable: true, configurable: true })
    }
    key = undefined
    last = value
  }

  const tokens = /[[\]{}"]|[^[\]{}",:\s]+/g
  for (let match = tokens.exec(text); match !== null; match = tokens.exec(text)) {
    const [token] = match
    if (token === "[" || token === "{") {
      const container = token === "[" ? [] : {}
      put(container)
      open.push(container)
    } else if (token === "]" || token === "}") {
      last = open.pop()
    } else if (token === `"`) {
      tokens.lastIndex = endOfString(text, match.index)
      const string: string = JSON.parse(text.slice(match.index, tokens.lastIndex))
      const container = open.at(-1)
      if (container !== undefined && !Array.isArray(container) && key === undefined) key = string
      else put(string)
    } else {
      put(token === "true" || token === "false" || token === "null" ? JSON.parse(token) : toJsonNumber(token))
    }
  }
  return last
}

/** The index after the quote that ends the string that begins at `start`. */
const endOfString = (text: string, start: number): number => {
  for (let at = text.indexOf(`"`, start + 1);; at = text.indexOf(`"`, at + 1)) {
    let backslashes = 0
    while (text[at - 1 - backslashes] === "\\") backslashes++
    if (backslashes % 2 === 0) return at + 1
  }
}
