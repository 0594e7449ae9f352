import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { type ChangedUser, type CursorStore, Playtally } from "../../../client/src/index.ts"
import { mirrorCounters } from "../../client/mirrorCounters.ts"
import { sentItems } from "../../client/sentItems.ts"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../../oracle/generateItems.ts"
import { referenceCounters } from "../../oracle/referenceCounters.ts"
import { apiKey } from "../../support/service/ServiceProcess.ts"
import { until, untilEffect } from "../../support/time/until.ts"
import { assertExact, splitByLog } from "./checkExactness.ts"
import { ask, cutOff, promote } from "./copyServer.ts"
import { databasePair, losses, untilLossIsTold } from "./databasePair.ts"
import { seesChildren } from "./OwnPostgres.ts"
import { notPossibleHere, scenario } from "./scenario.ts"

/** A user of the client, who sends without end and mirrors all counters meanwhile. */
const startUser = Effect.fnUntraced(function*(url: string, seed: number) {
  const random = seededRandom(seed)
  const acknowledged: Array<FastTrackItem> = []
  const ending = new AbortController()
  let retries = 0
  const playtally = new Playtally({
    url,
    key: apiKey,
    sending: { eventsPerRequest: 100, eventsInFlight: 2000 },
    onRetry: () => void retries++
  })
  const sendingEnds = new AbortController()
  const sending = yield* Effect.forkScoped(Effect.promise(async () => {
    for (let wave = 0; !sendingEnds.signal.aborted; wave++) {
      const { items } = generateItems({ seed: seed * 1000 + wave, users: 20, itemsPerUser: 20, userPrefix: `${wave}-`, now: new Date() })
      await Promise.all(
        cutIntoBatches(random, shuffle(random, [...items]), 50).map(async (batch) => {
          const { rejected, stored } = await playtally.send(sentItems(batch))
          assert.deepStrictEqual({ rejected, stored }, { rejected: [], stored: batch.length })
          acknowledged.push(...batch)
        })
      )
      // Some hundreds a second, as other loads here.
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
  }))
  let saved: string | undefined
  const state = {
    mirror: new Map<string, ChangedUser>(),
    cursor: { load: () => saved, save: (cursor) => void (saved = cursor) } satisfies CursorStore
  }
  const following = yield* Effect.forkScoped(
    Effect.promise(() => mirrorCounters(playtally, { ...state, signal: ending.signal }).catch((cause: unknown) => cause))
  )
  return {
    acknowledged: () => acknowledged.length,
    retries: () => retries,
    /** Ends both. All that was acknowledged, and the mirror once it has caught up. */
    finish: Effect.gen(function*() {
      sendingEnds.abort()
      yield* Fiber.join(sending)
      ending.abort("the end")
      assert.strictEqual(yield* Fiber.join(following), "the end")
      yield* Effect.promise(() => mirrorCounters(playtally, { ...state, until: "caught-up" }))
      return { acknowledged, mirror: state.mirror }
    })
  }
})

/** The mirror has every user of the items and nobody else, with the counters of these items. */
const assertMirrors = (mirror: ReadonlyMap<string, ChangedUser>, items: ReadonlyArray<FastTrackItem>) => {
  const now = new Date()
  const byUser = Map.groupBy(items, ({ data }) => data.user_id)
  assert.sameMembers([...mirror.values()].map(({ user_id }) => user_id), [...byUser.keys()])
  for (const { document, user_id } of mirror.values()) {
    const expected = referenceCounters(byUser.get(user_id) ?? [], { timeZone: "UTC", now, userId: user_id })
    assert.deepStrictEqual<unknown>({ ...document, ...expected }, document)
  }
}

const outcomeOf = (acknowledged: ReadonlyArray<FastTrackItem>) => ({
  acknowledged,
  unanswered: [],
  accepted: 0,
  duplicates: 0,
  conflicts: 0,
  refused: 0,
  lost: 0,
  unavailable: 0,
  slowest: 0
})

if (!seesChildren) {
  notPossibleHere("the client through failovers", "only Linux shows a server's processes")
} else {
  scenario("the client, while an asynchronous standby is promoted that lacks the last commits", 180, (told) =>
    Effect.gen(function*() {
      const { name, primary, service, standby } = yield* databasePair
      const user = yield* startUser(service.url, told.seed)
      yield* until(() => user.acknowledged() > 800)
      yield* cutOff(standby)
      const before = user.acknowledged()
      yield* until(() => user.acknowledged() > before + 500)
      yield* primary.kill
      yield* promote(standby)
      name.lead(standby.url)
      yield* untilLossIsTold(service)
      const after = user.acknowledged()
      yield* until(() => user.acknowledged() > after + 300)
      const { acknowledged, mirror } = yield* user.finish
      const { kept, lost } = yield* splitByLog(standby, acknowledged)
      assert.isAbove(lost, 0, "something was lost")
      told.tell(`${lost} acknowledged events are lost, ${user.retries()} attempts were repeated`)
      yield* assertExact(told, standby, service.url, outcomeOf(kept))
      assertMirrors(mirror, kept)
      told.tell("the client's mirror is right")
    }))

  scenario("the client, while a synchronous standby is promoted", 180, (told) =>
    Effect.gen(function*() {
      const { name, primary, service, standby } = yield* databasePair
      yield* ask(primary, "alter system set synchronous_standby_names = '*'")
      yield* ask(primary, "select pg_reload_conf()")
      yield* untilEffect(Effect.map(ask(primary, "select sync_state from pg_stat_replication"), ([row]) => row?.["sync_state"] === "sync"))
      const user = yield* startUser(service.url, told.seed)
      yield* until(() => user.acknowledged() > 800)
      yield* primary.kill
      yield* promote(standby)
      yield* ask(standby, "alter system set synchronous_standby_names = ''")
      yield* ask(standby, "select pg_reload_conf()")
      name.lead(standby.url)
      const after = user.acknowledged()
      yield* until(() => user.acknowledged() > after + 500)
      const { acknowledged, mirror } = yield* user.finish
      told.tell(`${user.retries()} attempts were repeated`)
      yield* assertExact(told, standby, service.url, outcomeOf(acknowledged))
      assert.strictEqual(losses(service), 0, "nothing was lost, and nothing is said to be")
      assertMirrors(mirror, acknowledged)
      told.tell("the client's mirror is right")
    }))
}
