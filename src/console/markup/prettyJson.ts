/** A string, a number or a word, or what stands between them. White space outside is left out. */
const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/** More levels than these are not indented further. */
const deepest = 40

/**
 * JSON text with line breaks and indents. Every string and number stays as it is written, so no
 * digit is lost. Text that is no JSON comes out in some way.
 */
export const prettyJson = (text: string): string => {
  let out = ""
  let level = 0
  let isOpened = false
  const newLine = () => `\n${"  ".repeat(Math.min(level, deepest))}`
  for (const [part] of text.matchAll(token)) {
    if (part === "}" || part === "]") {
      level = Math.max(0, level - 1)
      out += isOpened ? part : newLine() + part
      isOpened = false
      continue
    }
    if (isOpened) out += newLine()
    isOpened = part === "{" || part === "["
    if (isOpened) level++
    out += part === "," ? `,${newLine()}` : part === ":" ? ": " : part
  }
  return out
}
