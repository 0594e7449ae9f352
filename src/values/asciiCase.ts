/**
 * The text with its letters a to z in upper case.
 *
 * Other letters stay, because their other case depends on the version of Unicode and on the
 * language.
 */
export const upperCase = (text: string): string =>
  isAscii(text) ? text.toUpperCase() : text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())

/** The text with its letters A to Z in lower case, and no others. */
export const lowerCase = (text: string): string =>
  isAscii(text) ? text.toLowerCase() : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

const isAscii = (text: string): boolean => {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false
  return true
}
