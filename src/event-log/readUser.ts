import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { readableEvent } from "./readableEvent.ts"
import type { RecordedEvent } from "./RecordedEvent.ts"
import { decodeUserEvent, type PageRequest, type UserPage } from "./statements/readUserPage.ts"

/** Reads page after page of a user, newest first, until there are as many events as asked for. */
export const readUser = Effect.fnUntraced(function*<E>(
  readPage: (request: PageRequest) => Effect.Effect<UserPage, E>,
  user: Pick<PageRequest, "tenantId" | "userId" | "before" | "limit">
) {
  const events: Array<RecordedEvent> = []
  for (let { before } = user;;) {
    const page = yield* readPage({ ...user, before, limit: user.limit - events.length, largest: readableEvent })
    for (const stored of page.events) {
      const decoded = decodeUserEvent(user, stored)
      if (Result.isFailure(decoded)) return yield* Effect.die(new Error(`event ${stored.slice}/${stored.position}: ${decoded.failure}`))
      events.push(decoded.success)
    }
    const last = page.events.at(-1)
    if (!page.isMore || last === undefined || events.length === user.limit) return events
    before = last.position
  }
})
