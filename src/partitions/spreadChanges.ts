import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Changes, type ChangesOptions } from "../counters/changes/Changes.ts"
import { emptyPage, isWhole, joinedPage, joinedPlace, placeIn, toldCount } from "../counters/changes/feedParts.ts"
import type { FeedPlace } from "../counters/changes/FeedPlace.ts"
import { PollTurns } from "../counters/changes/PollTurns.ts"
import type { FeedPage } from "../counters/changes/readFeedPage.ts"
import { CurrentReadSlot } from "../counters/ReadShares.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { known } from "../values/known.ts"
import { Slice } from "../values/Slice.ts"
import { Partitions } from "./Partitions.ts"
import { inPartition } from "./PartitionUnavailable.ts"

/** How one look goes over the partitions. */
type LookOptions = Pick<ChangesOptions, "limit" | "consistency">

/**
 * `Changes` over the partitions: each has a place of its own in the cursor, and its own turn.
 *
 * A partition that is away fails every reading. So no cursor passes what it has to tell.
 */
export const spreadChanges = Layer.effect(
  Changes,
  Effect.map(Partitions, (partitions) => {
    const polls = new PollTurns()
    const places = (read: (changes: Changes["Service"]) => ReturnType<Changes["Service"]["now"]>) =>
      partitions.everywhere((services, range) => Effect.map(read(Context.get(services, Changes)), (of) => ({ range, of }))).pipe(
        inPartition("Changes.now"),
        Effect.map(joinedPlace)
      )

    /**
     * A look at some partitions, with the room that each may fill. The others are as they were.
     */
    const lookAt = (tenant: Tenant, place: FeedPlace, options: {
      readonly consistency: ChangesOptions["consistency"]
      readonly roomOf: (nth: number) => number
    }) =>
      Effect.map(
        partitions.everywhere((services, range) => {
          const own = placeIn(place, range)
          const limit = options.roomOf(partitions.map().findIndex(({ first }) => first === range.first))
          const page = limit === 0
            ? Effect.succeed(emptyPage(own))
            : Context.get(services, Changes).after(tenant, own, { limit, waitSeconds: 0, consistency: options.consistency })
          return Effect.map(page, (of) => ({ range, of }))
        }),
        joinedPage
      )

    /**
     * A look at all partitions, as far as the room goes.
     *
     * They share it, and which one comes first is left to chance. If there is less room than
     * partitions, those that come later get what the earlier ones leave.
     */
    const look = Effect.fnUntraced(function*(tenant: Tenant, from: FeedPlace, { consistency, limit }: LookOptions) {
      const count = partitions.map().length
      const chance = Math.floor(Math.random() * count)
      const pages: Array<FeedPage> = []
      let [room, asked, place] = [limit, 0, from]
      while (asked < count && room > 0) {
        const [before, now, free] = [asked, Math.min(room, count - asked), room]
        const page = yield* lookAt(tenant, place, {
          consistency,
          roomOf: (nth) => {
            const turn = (nth + chance) % count - before
            return turn < 0 || turn >= now ? 0 : Math.floor(free / now) + (turn < free % now ? 1 : 0)
          }
        })
        pages.push(page)
        place = page.next
        asked += now
        room -= toldCount(page)
      }
      return together(pages)
    })

    /**
     * Waits in all partitions for the first that has something to tell. The others stay where they
     * are.
     */
    const untilFirst = (tenant: Tenant, place: FeedPlace, options: ChangesOptions) =>
      Effect.suspend(() => {
        const found = Deferred.makeUnsafe<void>()
        return partitions.everywhere((services, range) => {
          const unmoved = emptyPage(placeIn(place, range))
          const page = Context.get(services, Changes).after(tenant, unmoved.next, options).pipe(
            Effect.raceFirst(Effect.as(Deferred.await(found), unmoved)),
            Effect.flatMap((page) =>
              isEmpty(page) ? Effect.succeed(page) : Effect.map(Deferred.succeed(found, undefined), (isFirst) => isFirst ? page : unmoved)
            )
          )
          return Effect.map(page, (of) => ({ range, of }))
        })
      }).pipe(Effect.map(joinedPage))

    const afterInAll = (tenant: Tenant, place: FeedPlace, { consistency, limit, waitSeconds }: ChangesOptions) => {
      if (waitSeconds === 0) return look(tenant, place, { limit, consistency })
      const poll = Effect.gen(function*() {
        const page = yield* look(tenant, place, { limit, consistency })
        if (!isEmpty(page)) return page
        const slot = yield* CurrentReadSlot
        const later = yield* untilFirst(tenant, page.next, { limit, waitSeconds, consistency: { _tag: "Eventual" } })
        // The slot may have gone with those that were still waiting.
        return yield* slot.aside(Effect.succeed(later))
      })
      return polls.take(tenant, poll)
    }

    return Changes.of({
      now: (consistency) => places((changes) => changes.now(consistency)),
      start: (consistency) => places((changes) => changes.start(consistency)),
      after: (tenant, place, options) =>
        Effect.gen(function*() {
          if (partitions.isSpread) return yield* afterInAll(tenant, place, options)
          const { page, range } = yield* partitions.at(Slice(0), (services, range) =>
            Effect.map(Context.get(services, Changes).after(tenant, placeIn(place, range), options), (page) => ({ page, range })))
          // If it has been split meanwhile, this is the page of one half.
          return isWhole(range) ? page : yield* afterInAll(tenant, place, options)
        }).pipe(inPartition("Changes.after")),
      stop: Effect.suspend(() =>
        Effect.forEach(
          partitions.opened(),
          ({ services }) => services === undefined ? Effect.void : Context.get(services, Changes).stop,
          { discard: true }
        )
      )
    })
  })
)

const isEmpty = (page: FeedPage): boolean => page.kept === undefined && toldCount(page) === 0

/** Pages of which each goes on where the one before ends. */
const together = (pages: ReadonlyArray<FeedPage>): FeedPage => {
  const [first, ...others] = pages
  return others.reduce((all, page) => ({
    kept: all.kept === undefined || page.kept === undefined ? all.kept ?? page.kept : {
      generation: Math.min(all.kept.generation, page.kept.generation),
      slices: [...all.kept.slices, ...page.kept.slices]
    },
    erased: [...all.erased, ...page.erased],
    changes: [...all.changes, ...page.changes],
    next: page.next
  }), known(first, "page of a look"))
}
