/** Moves the UTF-16 surrogates, which stand for the highest code points, behind the other units. */
const rank = (unit: number): number => unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800

/**
 * Compares two well-formed texts by their UTF-8 bytes, as `COLLATE "C"` does in PostgreSQL:
 * negative if `a` comes first, 0 if they are equal. JavaScript's own `<` compares UTF-16 units,
 * which puts U+10000 and above before U+E000 to U+FFFF.
 */
export const compareUtf8 = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const difference = rank(a.charCodeAt(at)) - rank(b.charCodeAt(at))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
