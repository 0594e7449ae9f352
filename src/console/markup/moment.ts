import { type Html, html } from "./html.ts"

/** A moment in UTC, to the second. */
export const moment = (at: Date): Html => {
  const text = at.toISOString()
  return html`<time datetime="${text}">${text.slice(0, 10)} <span>${text.slice(11, 19)}</span></time>`
}
