import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { changeContent } from "../../oracle/changeContent.ts"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../../oracle/generateItems.ts"
import type { Random } from "../../oracle/random.ts"
import { identityOf } from "../../oracle/referenceCounters.ts"
import { toBody } from "../../oracle/toBody.ts"
import { type Answer, bulkPath, isFinal, request } from "../../support/service/sender.ts"
import { until } from "../../support/time/until.ts"

/** Users of whom nothing may ever be stored: all that is said of them is refused. */
export const refusedPrefix = "refused-"

/** What came of a load. */
export interface LoadOutcome {
  /** Every item that was answered as stored or a duplicate, as often as it was. */
  readonly acknowledged: ReadonlyArray<FastTrackItem>
  /**
   * Identities of items that were sent and never got a final answer; none unless the load was given
   * up.
   */
  readonly unanswered: ReadonlyArray<FastTrackItem>
  readonly accepted: number
  readonly duplicates: number
  readonly conflicts: number
  readonly refused: number
  /**
   * Times a request was not answered at all, and times it was answered with 503: each was sent
   * again.
   */
  readonly lost: number
  readonly unavailable: number
  /** Milliseconds of the slowest request that was answered. */
  readonly slowest: number
}

/** FastTrack, sending on and on. */
export interface Load {
  /** Requests that have got their final answer so far. */
  readonly answered: () => number
  /** Answers 503 so far. */
  readonly unavailable: () => number
  /** Waits until a request that is sent from now on is acknowledged; milliseconds from now. */
  readonly served: Effect.Effect<number>
  /**
   * Sends what is left of the requests that have been begun, until each is answered, and then no
   * more.
   */
  readonly finish: Effect.Effect<LoadOutcome>
}

export interface LoadOptions {
  readonly seed: number
  /** Where to send; asked at every attempt, one is chosen. None for now: waits. */
  readonly urls: () => ReadonlyArray<string>
  readonly connections?: number
  /** Items a second, about, over all connections. */
  readonly perSecond?: number
  /** Milliseconds until the sender takes a request for lost, and sends it again. */
  readonly patience?: number
  readonly userPrefix?: string
  /**
   * Whether items and requests are among it that are to be refused; true unless told otherwise.
   * Where events are lost, nobody knows which are.
   */
  readonly isFaulty?: boolean
}

/**
 * A request, and the places of its items that must be rejected; `refused` if the whole of it must
 * be, with a 4xx.
 */
interface Batch {
  readonly body: string
  readonly items: ReadonlyArray<FastTrackItem>
  readonly conflicts: ReadonlySet<number>
  readonly strict: boolean
  readonly mustReject: ReadonlySet<number>
  readonly refused: boolean
}

const invalid = (user: string) => ({
  event: "realtime-login",
  data: { user_id: `${refusedPrefix}${user}`, timestamp: "never", unique_id: "1" }
})

/**
 * Sends as FastTrack does: over several connections, in batches of any size, and whatever is not
 * answered, or with 503, again with the same content until it is. Among it repeats in other words,
 * other content under used ids, items and whole requests that are to be refused. Ends with the
 * scope.
 */
export const startLoad = Effect.fnUntraced(function*(options: LoadOptions) {
  const { connections = 4, isFaulty = true, patience = 60_000, perSecond = 1000, seed, urls, userPrefix = "" } = options
  const random = seededRandom(seed)
  const acknowledged: Array<FastTrackItem> = []
  const underWay = new Set<Batch>()
  const counts = { accepted: 0, duplicates: 0, conflicts: 0, refused: 0, lost: 0, unavailable: 0, slowest: 0 }
  let answered = 0
  let lastServed = Number.NEGATIVE_INFINITY
  const ending = { asked: false }
  let wave = 0
  let waiting: Array<ReadonlyArray<FastTrackItem>> = []

  const next = (): Batch => {
    if (waiting.length === 0) {
      const { items } = generateItems({
        seed: seed * 1000 + wave,
        users: 20,
        itemsPerUser: 40,
        userPrefix: `${userPrefix}${wave}-`,
        now: new Date()
      })
      waiting = [...cutIntoBatches(random, shuffle(random, items), 150)]
      wave++
    }
    const items = waiting.shift() ?? []
    return isFaulty ? withFaults(random, items, acknowledged, `${userPrefix}${wave}-${waiting.length}`) : asItIs(items)
  }

  const attempt = Effect.fnUntraced(function*(batch: Batch) {
    const [url] = shuffle(random, urls())
    if (url === undefined) return undefined
    const began = performance.now()
    const exit = yield* Effect.result(request(url + bulkPath, {
      method: "POST",
      body: batch.body,
      headers: { "content-type": "application/json", ...batch.strict ? { prefer: "handling=strict" } : {} },
      signal: AbortSignal.timeout(patience)
    }))
    if (exit._tag === "Failure") {
      counts.lost++
      return undefined
    }
    counts.slowest = Math.max(counts.slowest, performance.now() - began)
    if (!isFinal(exit.success)) {
      counts.unavailable++
      return undefined
    }
    settle(batch, exit.success)
    answered++
    if (exit.success.status < 300) lastServed = Math.max(lastServed, began)
    return exit.success
  })

  const settle = (batch: Batch, answer: Answer) => {
    if (batch.refused) {
      if (answer.status < 400) throw new Error(`a request that had to be refused was answered ${answer.status}`)
      counts.refused++
      return
    }
    const report = answer.status === 204 ? undefined : JSON.parse(answer.text) as {
      readonly accepted: number
      readonly duplicates: number
      readonly rejected: ReadonlyArray<{ readonly index: number; readonly reason: string }>
    }
    const rejected = new Map((report?.rejected ?? []).map(({ index, reason }) => [index, reason]))
    const wrong = batch.items.findIndex((_, index) =>
      rejected.get(index) !== (batch.conflicts.has(index) ? "idempotency_conflict" : batch.mustReject.has(index) ? "invalid" : undefined)
    )
    if (wrong >= 0) {
      throw new Error(
        `item ${wrong} ${JSON.stringify(batch.items[wrong])} was answered ${
          rejected.get(wrong) ?? "stored"
        }: ${answer.status} ${answer.text}`
      )
    }
    if (report !== undefined && report.accepted + report.duplicates + rejected.size !== batch.items.length) {
      throw new Error(`the report does not add up to ${batch.items.length}: ${answer.text}`)
    }
    counts.accepted += report?.accepted ?? 0
    counts.duplicates += report?.duplicates ?? 0
    counts.conflicts += batch.conflicts.size
    counts.refused += batch.mustReject.size - batch.conflicts.size
    acknowledged.push(...batch.items.filter((_, index) => !rejected.has(index)))
  }

  const connection = Effect.gen(function*() {
    while (!ending.asked) {
      const batch = next()
      underWay.add(batch)
      while ((yield* attempt(batch)) === undefined) yield* Effect.sleep("60 millis")
      underWay.delete(batch)
      yield* Effect.sleep(batch.items.length * connections / perSecond * 1000)
    }
  })
  const sending = yield* Effect.forkScoped(
    Effect.all(Array.from({ length: connections }, () => connection), { concurrency: connections, discard: true })
  )

  const load: Load = {
    answered: () => answered,
    unavailable: () => counts.unavailable,
    served: Effect.suspend(() => {
      const began = performance.now()
      return Effect.raceFirst(
        Effect.map(until(() => lastServed >= began), () => performance.now() - began),
        Effect.andThen(Fiber.join(sending), Effect.never)
      )
    }),
    finish: Effect.gen(function*() {
      ending.asked = true
      yield* Fiber.join(sending)
      return { acknowledged, unanswered: [...underWay].flatMap(({ items }) => items), ...counts }
    })
  }
  return load
})

const asItIs = (items: ReadonlyArray<FastTrackItem>): Batch => ({
  body: toBody(items),
  items,
  conflicts: new Set(),
  mustReject: new Set(),
  strict: false,
  refused: false
})

/**
 * A batch of valid items, now and then with something in it that is to be refused, or all of it.
 */
const withFaults = (
  random: Random,
  items: ReadonlyArray<FastTrackItem>,
  acknowledged: ReadonlyArray<FastTrackItem>,
  name: string
): Batch => {
  const none = new Set<number>()
  if (random.chance(0.03)) {
    // Valid ones of users of whom nothing may be stored, beside an invalid one that refuses them
    // all.
    const others = items.map((item) => ({ ...item, data: { ...item.data, user_id: `${refusedPrefix}${name}` } }) as FastTrackItem)
    const body = toBody([...others, invalid(name)])
    const isCut = random.chance(0.5)
    return { body: isCut ? body.slice(0, -3) : body, items: others, conflicts: none, mustReject: none, strict: !isCut, refused: true }
  }
  // Sent under one id as `items` says it and then otherwise: of each identity, what was
  // acknowledged first counts.
  const originals = acknowledged.length > 0 && random.chance(0.3) ? [random.pick(acknowledged), random.pick(acknowledged)] : []
  const fresh = new Set(items.map(identityOf))
  const conflicting = originals.filter((item) => !fresh.has(identityOf(item))).map((item) => changeContent(random, item))
  // What is no item is sent like one.
  const bad = random.chance(0.2) ? [invalid(name) as unknown as FastTrackItem] : []
  const all = [...items, ...conflicting, ...bad]
  return {
    body: toBody(all),
    items: all,
    conflicts: new Set(conflicting.map((_, index) => items.length + index)),
    mustReject: new Set([...conflicting, ...bad].map((_, index) => items.length + index)),
    strict: false,
    refused: false
  }
}
