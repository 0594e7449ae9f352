/** The text with its letters a to z in upper case. No other letter has another case here: what that is changes with Unicode and with the language. */
export const upperCase = (text: string): string =>
  isWithout(text, 0x61, 0x7a) ? text : text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())

/** The text with its letters A to Z in lower case, and no others. */
export const lowerCase = (text: string): string =>
  isWithout(text, 0x41, 0x5a) ? text : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

/** Whether no character of the text is from `first` to `last`. */
const isWithout = (text: string, first: number, last: number): boolean => {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code >= first && code <= last) return false
  }
  return true
}
