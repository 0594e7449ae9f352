import * as Effect from "effect/Effect"
import { ConsoleProblem } from "../requests/ConsoleProblem.ts"
import type { ConsoleRequest } from "../requests/ConsoleRequest.ts"
import { type Content, type Html, html } from "./html.ts"

/** A change that is made only if the viewer types a word. */
export interface Confirmation {
  /** Where the form goes. */
  readonly action: string
  /** The button: what is done, as a verb. */
  readonly does: string
  /** What will happen, in full. */
  readonly says: Content
  /** What is to be typed, such as the user's id. */
  readonly word: string
  /** Other fields of the form. */
  readonly fields?: Content
}

/** The hidden field that every form carries. */
export const csrfField = ({ session }: Pick<ConsoleRequest, "session">): Html =>
  html`<input type="hidden" name="csrf" value="${session.csrf}">`

/** A form that says what it will do, and asks for a word first ({@link confirmed}). */
export const confirmation = (request: Pick<ConsoleRequest, "session">, { action, does, fields, says, word }: Confirmation): Html =>
  html`<details class="confirmation">
  <summary>${does}…</summary>
  <form method="post" action="${action}">
    ${csrfField(request)}${fields}
    <div class="says">${says}</div>
    <label>Type <code>${word}</code> to confirm
      <input name="confirm" required autocomplete="off" autocapitalize="off" spellcheck="false">
    </label>
    <button class="dangerous">${does}</button>
  </form>
</details>`

/** Fails unless the word was typed. Nothing was changed then. */
export const confirmed = ({ form }: ConsoleRequest, word: string): Effect.Effect<void, ConsoleProblem> =>
  form.get("confirm")?.trim() === word.trim() ? Effect.void : Effect.fail(
    new ConsoleProblem({
      status: 422,
      title: "Not confirmed",
      detail: `Nothing was changed: the confirmation was not "${word}".`
    })
  )
