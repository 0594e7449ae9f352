const small = "abcdefghijklmnopqrstuvwxyz"
const capital = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

const mapped = (text: string, from: string, to: string): string =>
  [...text].map((character) => to[from.indexOf(character)] ?? character).join("")

/** Upper case by the contract: the 26 letters of ASCII and no others. */
export const inCapitals = (text: string): string => mapped(text, small, capital)

/** Lower case by the contract. */
export const inSmall = (text: string): string => mapped(text, capital, small)
