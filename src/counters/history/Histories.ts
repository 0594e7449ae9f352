import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type { DatabaseUnavailable } from "../../database/DatabaseUnavailable.ts"
import { readHistoryRow, UserHistory } from "../../event-log/UserHistory.ts"
import type { EventType } from "../../fasttrack/FastTrackEvent.ts"
import { Breather } from "../../platform/Breather.ts"
import { steadyTime } from "../../platform/monotonicClock.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { known } from "../../values/known.ts"
import { Position } from "../../values/Position.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import type { Folding, HistoryEvent, Progress } from "./Folding.ts"
import { KeptFoldings } from "./KeptFoldings.ts"

/**
 * A history was not read to its end in time. `read` is how far it was read, `position` its end.
 *
 * What was read is kept for a minute, and asking again goes on from there.
 */
export class HistoryUnfinished extends Schema.TaggedError<HistoryUnfinished>("playtally/counters/HistoryUnfinished")("HistoryUnfinished", {
  read: Schema.Int,
  position: Schema.Int
}) {}

/** The rows of a folded history would take more memory than `limit` bytes. */
export class HistoryTooLarge extends Schema.TaggedError<HistoryTooLarge>("playtally/counters/HistoryTooLarge")("HistoryTooLarge", {
  limit: Schema.Int
}) {}

/**
 * Milliseconds that one request may read a history.
 *
 * That is well below the time that clients and proxies usually wait.
 */
export const HistoryTime = Context.Reference<number>("playtally/counters/HistoryTime", { defaultValue: () => 20_000 })

/** The most bytes of the rows into which one history is folded. */
export const maxFoldedBytes = 96 * 1024 * 1024

/** A request for a history. */
export interface HistoryRequest<F extends Folding, A> {
  readonly tenant: Tenant
  readonly userId: UserId
  readonly types: ReadonlyArray<EventType>
  /**
   * The key under which an unfinished folding is kept.
   *
   * A request under the same key waits for the current one, and goes on with its folding.
   */
  readonly key: string
  /** Where to begin if nothing is kept under the key, or if `goOn` refuses what is kept. */
  readonly begin: Effect.Effect<Progress<F>, DatabaseUnavailable>
  /** The kept folding in the form in which it goes on; undefined if it cannot. */
  readonly goOn: (kept: Progress<F>) => Progress<F> | undefined
  /**
   * Takes the answer out of the folding, and says under which key the folding is worth keeping.
   *
   * It runs before another request goes on with the folding.
   */
  readonly finish: (progress: Progress<F>) => { readonly answer: A; readonly keepAs: string | undefined }
}

/** Events, and bytes of their payloads, that are folded between two looks at the clock. */
const stretch = { events: 32, bytes: 64 * 1024 }

/**
 * Folds users' events again, from the log itself (docs/design.md#reading).
 *
 * It works in steps and for a bounded time. Each step is one page of events, read by a short
 * statement, with rests for other work in between. When the time is over, or the client has gone,
 * it keeps the folding for a minute. The next request goes on from there. So enough requests read a
 * history of any length to its end.
 */
export class Histories extends Context.Service<Histories, {
  /**
   * The answer; undefined for a user without events, or a user who is erased meanwhile.
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
   * Takes a kept folding out of the store.
   *
   * Undefined if there is none, if the user was erased since, or if the log went back. It fails
   * with `DatabaseUnavailable` if the database did not answer.
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
      /** The requests under a key: one folds, the others wait for their turn. */
      const turns = new Map<string, { readonly turn: Semaphore.Semaphore; asking: number }>()

      // A kept folding is personal data, so it goes in time even if no request comes.
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
          // A request keeps under a key only what a request under the same key folds, so the type
          // is the same.
          const found = (yield* takeKept(key, loss)) as Progress<F> | undefined
          const progress = (found === undefined ? undefined : goOn(found)) ?? (yield* begin)
          if (!(yield* history.isAny({ tenantId, userId, upTo: progress.upTo }))) return { _tag: "Nothing" } as const
          const reading = read(history, progress, { tenantId, userId, types, deadline }).pipe(
            // Between two pieces the folding is whole, whatever ends it there: the time, the client
            // or the database.
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

/**
 * Reads on until the folding needs no more, and tells whether events are gone that should be there.
 */
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
