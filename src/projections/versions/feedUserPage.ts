import * as Effect from "effect/Effect"
import { completed } from "../../event-log/completed.ts"
import type { LogEntry, ReadBound, WithheldEvent } from "../../event-log/RecordedEvent.ts"
import { fedUser, type UserInSlice } from "../feed/FedUser.ts"
import type { FeedSource } from "../feed/feedChunk.ts"
import { feedProjection } from "../feed/feedProjection.ts"
import type { ContextOf } from "../feed/foldContexts.ts"
import { fetchInTurn } from "../feed/largePayloads.ts"
import type { ProjectionStore } from "../tables/ProjectionStore.ts"

/** A page of one user's events, as it was looked at in the log. */
export interface UserPage {
  readonly user: UserInSlice
  readonly looked: ReadonlyArray<LogEntry | WithheldEvent>
  readonly bound: ReadBound
  readonly contextOf: ContextOf
}

/**
 * Feeds a page of one user's events to a version whose rows of the user are made of all events
 * before it, in the caller's transaction. Payloads that have no room are left to the next page: the
 * answer says what was fed, and where it was cut.
 */
export const feedUserPage = Effect.fnUntraced(
  function*({ log, sql }: FeedSource, store: ProjectionStore, { bound, contextOf, looked, user }: UserPage) {
    const read = yield* completed(looked, fetchInTurn(log, bound.bytes, yield* Effect.scope))
    const fed = fedUser(user, read.entries)
    if (fed !== undefined) yield* feedProjection(sql, store, { users: [fed], contextOf, oneByOne: true, isNew: false })
    return read
  },
  Effect.scoped
)

/** The entry that the next page goes on after; undefined if this page was the last. */
export const lastBeforeNext = (
  looked: ReadonlyArray<LogEntry | WithheldEvent>,
  entries: ReadonlyArray<LogEntry>,
  bound: ReadBound
): LogEntry | undefined => looked.length < bound.events && entries.length === looked.length ? undefined : entries.at(-1)
