import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { readFileSync } from "node:fs"
import { type ChangedUser, type CursorStore, Playtally } from "../../client/src/index.ts"
import { freePort } from "../../src/database/embedded/EmbeddedServer.ts"
import { generateItems, seededRandom, shuffle } from "../oracle/generateItems.ts"
import { identityOf } from "../oracle/referenceCounters.ts"
import { copyDatabase } from "../support/database/copyDatabase.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { assertCounters, assertStored } from "../support/database/wholeLog.ts"
import { readEvents } from "../support/service/reader.ts"
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

/** The documents as the service answers them now, and as a mirror has them, by user. */
const bothSides = (playtally: Playtally, mirror: ReadonlyMap<string, ChangedUser>) =>
  Effect.promise(async () => {
    // The position of a slice grows with others' events.
    const shown = ({ position: _, ...document }: ChangedUser["document"]) => document
    const service: Array<unknown> = []
    for await (const { user_id } of playtally.users()) {
      const document = await playtally.counters(user_id, { consistency: "strong" })
      if (document !== undefined) service.push(shown(document))
    }
    const byUser = [...mirror.values()].sort((one, other) => Buffer.compare(Buffer.from(one.user_id), Buffer.from(other.user_id)))
    return { service, mirror: byUser.map(({ document }) => shown(document)) }
  })

const assertMirrored = Effect.fnUntraced(function*(playtally: Playtally, state: { mirror: Map<string, ChangedUser>; cursor: CursorStore }) {
  yield* Effect.promise(() => mirrorCounters(playtally, { ...state, until: "caught-up" }))
  const { mirror, service } = yield* bothSides(playtally, state.mirror)
  assert.deepStrictEqual(mirror, service)
  return service.length
})

it.live(
  "a client sends each event once, in order, and mirrors all counters through kills of the service and an older database",
  () =>
    Effect.gen(function*() {
      const database = yield* TestDatabase
      const port = yield* Effect.promise(freePort)
      const playtally = new Playtally({ url: `http://127.0.0.1:${port}`, key: apiKey })
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
      yield* first.kill
      const second = yield* serve(database, port)
      yield* Fiber.join(sending)
      assert.strictEqual(reports.reduce((sum, stored) => sum + stored, 0), half.length)

      yield* assertStored(second.url, half)
      yield* assertCounters(second.url, half)
      for (const user of new Set(half.map(({ data }) => data.user_id))) {
        const sent = [...new Set(half.filter(({ data }) => data.user_id === user).map(identityOf))]
        assert.deepStrictEqual((yield* readEvents(second.url, user, 500)).map(identityOf).toReversed(), sent, user)
      }
      ending.abort(new Error("followed enough"))
      assert.strictEqual((yield* Fiber.join(following) as Effect.Effect<Error>).message, "followed enough")
      assert.isAbove(yield* assertMirrored(playtally, { mirror, cursor }), 15)

      // An older copy takes the place of the database: what came since is lost.
      yield* second.kill
      const backup = yield* copyDatabase(database)
      const third = yield* serve(database, port)
      yield* sendAll([...items.slice(half.length), ...generateItems({ seed: 17, users: 3, userPrefix: "lost-", now: new Date() }).items])
      const before = yield* assertMirrored(playtally, { mirror, cursor })
      yield* third.kill
      yield* serve(backup, port)
      const after = yield* assertMirrored(playtally, { mirror, cursor })
      assert.strictEqual(after, before - 3)
    }).pipe(Effect.provide(TestDatabase.layer)),
  90_000
)

it("the README of the client shows the mirror that is tested", () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8")
  const code = read("./mirrorCounters.ts").replace("../../client/src/index.ts", "playtally-client")
  assert.isAtMost(code.trim().split("\n").length, 20)
  assert.include(read("../../client/README.md"), code)
})
