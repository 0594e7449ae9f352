import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { type Answer, type NoAnswer, request } from "./sender.ts"

const users = "/api/v1/users"

/** A document of the service; what is wrong with it shows when it is compared. */
type Document = Readonly<Record<string, unknown>>

const found = (answer: Answer): Document => {
  assert.strictEqual(answer.status, 200, answer.text)
  return JSON.parse(answer.text) as Document
}

const prefer = { prefer: "wait=30" }

/** A user's counters, of everything in the log when they were asked for. */
export const readCounters = (url: string, userId: string): Effect.Effect<Document, NoAnswer> =>
  Effect.map(request(`${url}${users}/${encodeURIComponent(userId)}/counters?consistency=strong`, { headers: prefer }), found)

/** The counters of many users in one document. */
export const readCountersOf = (url: string, userIds: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Document>, NoAnswer> =>
  request(`${url}${users}/counters?consistency=strong`, {
    method: "POST",
    body: JSON.stringify({ user_ids: userIds }),
    headers: { "content-type": "application/json", ...prefer }
  }).pipe(Effect.map((answer) => found(answer)["users"] as ReadonlyArray<Document>))

/** An event as the service shows it: an item with its place in the log. */
export type ShownEvent = FastTrackItem & { readonly slice: number; readonly position: number }

/** All of a user's events by turning the pages, newest first; none for an unknown user. */
export const readEvents = Effect.fnUntraced(function*(url: string, userId: string, limit: number) {
  const events: Array<ShownEvent> = []
  for (let cursor: string | null = "";;) {
    const query: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`
    const answer: Answer = yield* request(`${url}${users}/${encodeURIComponent(userId)}/events?limit=${limit}${query}`)
    if (answer.status === 404 && cursor === "") return events
    const page = found(answer)
    events.push(...page["events"] as ReadonlyArray<ShownEvent>)
    cursor = page["next_cursor"] as string | null
    if (cursor === null) return events
  }
})

/** A metric's value now; undefined if there is none of that name. */
export const readMetric = (url: string, name: string): Effect.Effect<number | undefined, NoAnswer> =>
  Effect.map(request(`${url}/metrics`), ({ text }) => {
    const line = text.split("\n").find((line) => line.startsWith(`${name} `))
    return line === undefined ? undefined : Number(line.slice(name.length))
  })
