import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { isDeepStrictEqual } from "node:util"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { referenceCounters } from "../../oracle/referenceCounters.ts"
import { type Answer, type NoAnswer, request } from "../../support/service/sender.ts"

type Document = Readonly<Record<string, unknown>>

/**
 * An engine that keeps a copy of every user's counters by the feed of changes, through whatever
 * happens.
 */
export interface EngineMirror {
  /**
   * Goes on until the feed has nothing more, and says which users' copies are not what a reading of
   * the items makes.
   */
  readonly problems: (items: ReadonlyArray<FastTrackItem>) => Effect.Effect<ReadonlyArray<string>>
}

/** Asks until there is an answer. */
const insist = (asking: Effect.Effect<Answer, NoAnswer>): Effect.Effect<Document> =>
  asking.pipe(
    Effect.flatMap((answer) => answer.status === 200 ? Effect.succeed(JSON.parse(answer.text) as Document) : Effect.fail(answer)),
    Effect.retry({ schedule: Schedule.spaced("100 millis") }),
    Effect.orDie
  )

/**
 * Starts an engine on an empty log. It never begins again: it goes on with the last cursor that it
 * was given.
 */
export const startMirror = Effect.fnUntraced(function*(url: string) {
  const copies = new Map<string, Document>()
  const get = (query: string) => insist(request(`${url}/api/v1/changes?${query}`))
  const counters = (userIds: ReadonlyArray<unknown>) =>
    Effect.map(
      insist(request(`${url}/api/v1/users/counters`, {
        method: "POST",
        body: JSON.stringify({ user_ids: userIds }),
        headers: { "content-type": "application/json" }
      })),
      (document) => document["users"] as ReadonlyArray<Document>
    )

  let cursor = String((yield* get("consistency=strong"))["next_cursor"])
  const turn = Effect.fnUntraced(function*(query: string) {
    const page = yield* get(`cursor=${cursor}&limit=200&${query}`)
    const users = (page["changes"] as ReadonlyArray<Document>).map((change) => change["user_id"])
    if (users.length > 0) { for (const document of yield* counters(users)) copies.set(String(document["user_id"]), document) }
    const isDone = page["next_cursor"] === cursor
    cursor = String(page["next_cursor"])
    return isDone
  })
  let isEnding = false
  const following = yield* Effect.forkScoped(Effect.repeat(turn("wait=1"), { while: () => !isEnding }))
  return {
    problems: Effect.fnUntraced(function*(items) {
      isEnding = true
      yield* Fiber.await(following)
      yield* Effect.repeat(turn("wait=0&consistency=strong"), { until: (isDone) => isDone })
      const now = new Date()
      const wrong: Array<string> = []
      for (const [userId, own] of Map.groupBy(items, ({ data }) => data.user_id)) {
        const expected = referenceCounters(own, { timeZone: "UTC", now, userId })
        for (const [section, value] of Object.entries(expected)) {
          const found = copies.get(userId)?.[section]
          if (!isDeepStrictEqual(found, JSON.parse(JSON.stringify(value)))) {
            wrong.push(`${userId} ${section}: ${JSON.stringify(found ?? "missing").slice(0, 200)}`)
          }
        }
      }
      return wrong.length === 0 ? [] : [`${wrong.length} sections of the engine's copies are wrong: ${wrong.slice(0, 3).join(" ")}`]
    })
  } satisfies EngineMirror
})

/**
 * Whether the feed of this release knows histories of the log, and so tells again what a failover
 * has lost: then it can begin at the start, too.
 */
export const feedKnowsHistories = (url: string): Effect.Effect<boolean> =>
  Effect.map(Effect.orDie(request(`${url}/api/v1/changes?from=start`)), ({ status }) => status === 200)
