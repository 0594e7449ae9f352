import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"

interface Sent {
  readonly cookie?: string
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

/** Asks for a page, or sends a form, as a program that follows no redirections. */
export const ask = (url: string, { cookie, form, headers }: Sent = {}) =>
  Effect.promise(async () => {
    const answer = await fetch(url, {
      redirect: "manual",
      headers: { ...cookie === undefined ? {} : { cookie }, ...headers },
      ...form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }
    })
    return {
      status: answer.status,
      location: answer.headers.get("location"),
      cookie: answer.headers.getSetCookie().map((text) => text.split(";")[0]).join("; "),
      headers: answer.headers,
      text: await answer.text()
    }
  })

/** Signs in with a key: the cookie of the session, and the token of its forms. */
export const signIn = Effect.fnUntraced(function*(url: string, key: string) {
  const answer = yield* ask(`${url}/console/sign-in`, { form: { key } })
  assert.strictEqual(answer.status, 303)
  const { text } = yield* ask(`${url}/console/tenants`, { cookie: answer.cookie })
  return { cookie: answer.cookie, csrf: /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "" }
})
