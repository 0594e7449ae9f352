import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { readFileSync } from "node:fs"
import { type ChangedUser, type Counters, type CursorStore, Playtally } from "../../client/src/index.ts"
import { freePort } from "../../src/database/embedded/EmbeddedServer.ts"
import type { FastTrackItem } from "../oracle/FastTrackItem.ts"
import { generateItems, seededRandom, shuffle } from "../oracle/generateItems.ts"
import { identityOf, referenceCounters } from "../oracle/referenceCounters.ts"
import { copyDatabase } from "../support/database/copyDatabase.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { apiKey, startService } from "../support/service/ServiceProcess.ts"
import { until } from "../support/time/until.ts"
import { mirrorCounters } from "./mirrorCounters.ts"
import { sentItems } from "./sentItems.ts"

/** A process of the service on a database, with a way to end it as by `kill -9`. */
const serve = Effect.fnUntraced(function*(database: TestDatabase["Service"], port: number) {
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const service = yield* startService({ PORT: String(port) }).pipe(
    Effect.provideService(TestDatabase, database),
    Effect.provideService(Scope.Scope, scope)
  )
  return { url: service.url, kill: Scope.close(scope, Exit.void) }
})

/** All documents as the service answers them by now, in the order of the users' ids. */
const allDocuments = async (playtally: Playtally): Promise<ReadonlyArray<Counters>> => {
  const users: Array<string> = []
  for await (const { user_id } of playtally.users()) users.push(user_id)
  return playtally.countersOf(users, { consistency: "strong" })
}

/** A mirror that has caught up has the documents of the service, which are given, and no others. */
const assertMirrored = (playtally: Playtally, state: { readonly mirror: Map<string, ChangedUser>; readonly cursor: CursorStore }) =>
  Effect.promise(async () => {
    await mirrorCounters(playtally, { ...state, until: "caught-up" })
    const expected = await allDocuments(playtally)
    // The position of a slice grows with others' events.
    const shown = (documents: Iterable<Counters>) => Object.fromEntries([...documents].map((one) => [one.user_id, { ...one, position: 0 }]))
    assert.deepStrictEqual(shown([...state.mirror.values()].map(({ document }) => document)), shown(expected))
    return expected
  })

/** Each user's events are those of the items, each once and in their order. */
const assertInOrder = (playtally: Playtally, items: ReadonlyArray<FastTrackItem>) =>
  Effect.promise(async () => {
    for (const [user, own] of Map.groupBy(items, ({ data }) => data.user_id)) {
      const stored: Array<string> = []
      for await (const event of playtally.events(user, { pageSize: 500 })) stored.unshift(identityOf(event as unknown as FastTrackItem))
      assert.deepStrictEqual(stored, [...new Set(own.map(identityOf))], user)
    }
  })

it.live(
  "a client sends each event once, in order, and mirrors all counters through kills of the service and an older database",
  () =>
    Effect.gen(function*() {
      const database = yield* TestDatabase
      const port = yield* Effect.promise(freePort)
      const retried = new Set<string>()
      const playtally = new Playtally({
        url: `http://127.0.0.1:${port}`,
        key: apiKey,
        // Small, so that there are many to be lost.
        sending: { eventsPerRequest: 4, requestsInFlight: 2 },
        onRetry: ({ path }) => retried.add(path)
      })
      const random = seededRandom(16)
      const { items: all } = generateItems({ seed: 16, users: 20, itemsPerUser: 20, now: new Date() })
      const items = shuffle(random, [...all])
      const half = items.slice(0, items.length >> 1)

      let saved: string | undefined
      const cursor: CursorStore = { load: () => saved, save: (next) => void (saved = next) }
      const mirror = new Map<string, ChangedUser>()
      const ending = new AbortController()
      // It follows all the while, though nobody listens yet.
      const following = yield* Effect.forkChild(
        Effect.promise(() => mirrorCounters(playtally, { mirror, cursor, signal: ending.signal }).catch((cause: unknown) => cause))
      )
      const reports: Array<number> = []
      const sendAll = (some: typeof items) =>
        Effect.promise(async () => {
          const calls = Array.from({ length: Math.ceil(some.length / 7) }, (_, call) => some.slice(7 * call, 7 * call + 7))
          await Promise.all(calls.map(async (call) => {
            const { rejected, stored } = await playtally.send(sentItems(call))
            assert.deepStrictEqual(rejected, [])
            reports.push(stored)
          }))
        })
      const sending = yield* Effect.forkChild(sendAll(half))
      const first = yield* serve(database, port)
      yield* until(() => reports.length > 1)
      retried.clear()
      yield* first.kill
      const backup = yield* copyDatabase(database)
      const second = yield* serve(database, port)
      yield* Fiber.join(sending)
      assert.sameMembers([...retried], ["/api/v1/integrations/fasttrack/bulk", "/api/v1/changes"])
      assert.strictEqual(reports.reduce((sum, stored) => sum + stored, 0), half.length)
      yield* assertInOrder(playtally, half)
      ending.abort(new Error("followed enough"))
      assert.strictEqual((yield* Fiber.join(following) as Effect.Effect<Error>).message, "followed enough")
      const documents = yield* assertMirrored(playtally, { mirror, cursor })
      const now = new Date()
      for (const document of documents) {
        const expected = referenceCounters(half, { timeZone: "UTC", now, userId: document.user_id })
        assert.deepStrictEqual<unknown>({ ...document, ...expected }, document)
      }

      // An older copy takes the place of the database: what came since is lost.
      yield* sendAll([...items.slice(half.length), ...generateItems({ seed: 17, users: 3, userPrefix: "lost-", now: new Date() }).items])
      const { length } = yield* assertMirrored(playtally, { mirror, cursor })
      yield* second.kill
      yield* serve(backup, port)
      assert.isAtMost((yield* assertMirrored(playtally, { mirror, cursor })).length, length - 3)
    }).pipe(Effect.provide(TestDatabase.layer)),
  90_000
)

it("the README of the client shows the mirror that is tested", () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8")
  const code = read("./mirrorCounters.ts").replace("../../client/src/index.ts", "playtally-client")
  assert.isAtMost(code.trim().split("\n").length, 20)
  assert.include(read("../../client/README.md"), code)
})
