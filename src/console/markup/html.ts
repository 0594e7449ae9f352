import { html as hono, raw as unescaped } from "hono/html"

/** Text of a page, in which everything that may be of somebody else is escaped. */
export type Html = ReturnType<typeof unescaped>

/** What may stand in a page: nothing is written for `undefined`, `null` and booleans. */
export type Content = Html | string | number | boolean | null | undefined | ReadonlyArray<Content>

/**
 * HTML with values in it. A value that is no {@link Html} is escaped, as text and between quotes.
 *
 * Attributes are always written between double quotes. The editor shows the text as HTML.
 */
export const html = (strings: TemplateStringsArray, ...values: ReadonlyArray<Content>): Html => {
  const made = hono(strings, ...values)
  // It is a promise only if a value is one, which the types exclude.
  if (made instanceof Promise) throw new Error("A page has a value that is not there yet")
  return made
}

/** Text that is HTML already and was made by us or a library, such as the path of a curve. */
export const trusted = (text: string): Html => unescaped(text)
