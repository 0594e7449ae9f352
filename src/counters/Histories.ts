import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import { readHistoryRow, UserHistory } from "../event-log/UserHistory.ts"
import type { EventType } from "../fasttrack/FastTrackEvent.ts"
import { Breather } from "../platform/Breather.ts"
import { steadyTime } from "../platform/monotonicClock.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { known } from "../values/known.ts"
import { Position } from "../values/Position.ts"
import type { TenantId } from "../values/TenantId.ts"
import type { UserId } from "../values/UserId.ts"
import type { Folding, HistoryEvent, Progress } from "./Folding.ts"
import { KeptFoldings } from "./KeptFoldings.ts"

/**
 * A history was not read to its end in time. What was read is kept for a minute: asking again goes
 * on from there.
 */
export class HistoryUnfinished extends Schema.TaggedError<HistoryUnfinished>("playtally/counters/HistoryUnfinished")("HistoryUnfinished", {
  read: Schema.Int,
  position: Schema.Int
}) {}

/** The rows that a history is folded into would take more memory than one may. `limit` in bytes. */
export class HistoryTooLarge extends Schema.TaggedError<HistoryTooLarge>("playtally/counters/HistoryTooLarge")("HistoryTooLarge", {
  limit: Schema.Int
}) {}

/** How long one request may read a history: well below what clients and proxies usually wait. */
export const HistoryTime = Context.Reference<number>("playtally/counters/HistoryTime", { defaultValue: () => 20_000 })

/** Most bytes of the rows that one history is folded into. */
export const maxFoldedBytes = 96 * 1024 * 1024

/** A history as it is asked for. */
export interface HistoryRequest<F extends Folding, A> {
  readonly tenant: Tenant
  readonly userId: UserId
  readonly types: ReadonlyArray<EventType>
  /**
   * The key under which a folding that is not at its end is kept. A request under the same key
   * waits for the one under way, and goes on with its folding.
   */
  readonly key: string
  /** Where to begin if nothing is kept under the key, or not in a state that `mayGoOn`. */
  readonly begin: Effect.Effect<Progress<F>, DatabaseUnavailable>
  /** What is kept as it is to go on, if it can. */
  readonly goOn: (kept: Progress<F>) => Progress<F> | undefined
  /**
   * Takes the answer out of the folding, before anybody else goes on with it, and says under which
   * key it is worth keeping.
   */
  readonly finish: (progress: Progress<F>) => { readonly answer: A; readonly keepAs: string | undefined }
}

/**
 * Events that are decoded and folded before the clock is looked at, and the bytes of their
 * payloads.
 */
const stretch = { events: 32, bytes: 64 * 1024 }

/**
 * Folds users' events again, from the log itself (docs/design.md#reading).
 *
 * It works in steps, for a bounded time: a page of events at a time, each a short statement of its
 * own, with rests in between for others. When the time is over, or the client has gone, the folding
 * is kept for a minute, and the next request goes on from there. So a history of any length is read
 * to its end by asking often enough.
 */
export class Histories extends Context.Service<Histories, {
  /**
   * The answer; undefined for a user without events, or one who is erased meanwhile.
   *
   * - {@link HistoryUnfinished}: the time is over. Asking again goes on from there.
   * - {@link HistoryTooLarge}: the folding took more than {@link maxFoldedBytes}. Asking again is
   *   of no use.
   * - `DatabaseUnavailable`: the database did not answer. What was folded is kept.
   */
  readonly fold: <F extends Folding, A>(
    request: HistoryRequest<F, A>
  ) => Effect.Effect<A | undefined, HistoryUnfinished | HistoryTooLarge | DatabaseUnavailable>
  /**
   * Takes a folding that was kept; it is not kept any more. Undefined if there is none, if the user
   * was erased since, or if the log went back.
   */
  readonly take: (tenant: Tenant, userId: UserId, key: string) => Effect.Effect<Progress<Folding> | undefined, DatabaseUnavailable>
}>()("playtally/counters/Histories") {
  static readonly layer = Layer.effect(
    Histories,
    Effect.gen(function*() {
      const history = yield* UserHistory
      const budget = yield* HistoryTime
      const steadily = yield* steadyTime
      const kept = new KeptFoldings()
      /** Who folds under a key, with those who wait for it. */
      const turns = new Map<string, { readonly turn: Semaphore.Semaphore; asking: number }>()

      // What nobody asks for again is let go of in time, also if nobody asks for anything: it is
      // personal data.
      yield* Effect.map(Clock.currentTimeMillis, (now) => kept.expire(now)).pipe(
        Effect.repeat(Schedule.spaced("10 seconds")),
        steadily,
        Effect.forkScoped
      )

      const inTurn = <A, E, R>(key: string, effect: Effect.Effect<A, E, R>) =>
        Effect.acquireUseRelease(
          Effect.sync(() => {
            const turn = turns.get(key) ?? { turn: Semaphore.makeUnsafe(1), asking: 0 }
            turns.set(key, turn)
            turn.asking++
            return turn
          }),
          ({ turn }) => turn.withPermit(effect),
          (turn) =>
            Effect.sync(() => {
              if (--turn.asking === 0) turns.delete(key)
            })
        )

      const store = (key: string, progress: Progress<Folding>, loss: string) =>
        Effect.map(Clock.currentTimeMillis, (now) => kept.keep(key, { progress, loss }, now))

      const takeKept = Effect.fnUntraced(function*(key: string, loss: string) {
        const found = kept.take(key, yield* Clock.currentTimeMillis)
        return found?.loss === loss ? found.progress : undefined
      })

      const fold: Histories["Service"]["fold"] = <F extends Folding, A>(
        { begin, finish, goOn, key, tenant, types, userId }: HistoryRequest<F, A>
      ) => {
        const attempt = Effect.fnUntraced(function*(deadline: number) {
          const { tenantId } = tenant
          const loss = yield* history.lastLoss(tenant, userId)
          // Whoever keeps something under a key asks for it under the same key only: what it is
          // folded into is the same.
          const found = (yield* takeKept(key, loss)) as Progress<F> | undefined
          const progress = (found === undefined ? undefined : goOn(found)) ?? (yield* begin)
          if (!(yield* history.isAny({ tenantId, userId, upTo: progress.upTo }))) return { _tag: "Nothing" } as const
          const reading = read(history, progress, { tenantId, userId, types, deadline }).pipe(
            // Between two pieces it is whole, whatever ends it there: the time, the client, the
            // database.
            Effect.onExit((exit) =>
              Exit.isSuccess(exit) || Exit.hasDies(exit) || progress.folding.bytes > maxFoldedBytes
                ? Effect.void
                : store(key, progress, loss)
            )
          )
          const isTorn = yield* reading
          if (isTorn || (yield* history.lastLoss(tenant, userId)) !== loss) return { _tag: "Erased" } as const
          const { answer, keepAs } = finish(progress)
          if (keepAs !== undefined) yield* store(keepAs, progress, loss)
          return { _tag: "Finished", answer } as const
        })
        return inTurn(
          key,
          Effect.gen(function*() {
            const deadline = performance.now() + budget
            for (;;) {
              const result = yield* attempt(deadline)
              if (result._tag !== "Erased") return result._tag === "Finished" ? result.answer : undefined
            }
          })
        ).pipe(steadily)
      }

      return Histories.of({
        fold,
        take: (tenant, userId, key) => Effect.flatMap(history.lastLoss(tenant, userId), (loss) => takeKept(key, loss)).pipe(steadily)
      })
    })
  )
}

/** Reads on until the folding has what it needs; whether events were gone that were to be there. */
const read = Effect.fnUntraced(function*(
  history: UserHistory["Service"],
  progress: Progress<Folding>,
  { deadline, tenantId, types, userId }: {
    readonly tenantId: TenantId
    readonly userId: UserId
    readonly types: ReadonlyArray<EventType>
    readonly deadline: number
  }
) {
  const { folding, upTo } = progress
  const breather = new Breather()
  const isOver = () => folding.isDone || progress.place >= upTo
  if (isOver()) return false
  const reader = yield* history.open({ tenantId, userId, after: progress.place, upTo }, types)
  while (!isOver()) {
    const page = yield* reader.page(progress.place)
    if (page.isTorn) return true
    for (let next = 0; next < page.rows.length && !folding.isDone;) {
      const events: Array<HistoryEvent> = []
      for (let bytes = 0; next < page.rows.length && events.length < stretch.events && bytes < stretch.bytes; next++) {
        const row = known(page.rows[next], "row within the page")
        events.push({ position: Position(Number(row.position)), type: row.event_type, bytes: row.bytes, logged: readHistoryRow(row) })
        bytes += row.bytes
      }
      folding.add(events)
      progress.place = events.at(-1)?.position ?? progress.place
      if (folding.bytes > maxFoldedBytes) return yield* new HistoryTooLarge({ limit: maxFoldedBytes })
      if (breather.isDue) {
        yield* breather.rest
        if (performance.now() > deadline) return yield* new HistoryUnfinished({ read: progress.place, position: upTo })
      }
    }
    if (folding.isDone) return false
    progress.place = page.reached
    if (performance.now() > deadline && !isOver()) return yield* new HistoryUnfinished({ read: progress.place, position: upTo })
  }
  return false
})
