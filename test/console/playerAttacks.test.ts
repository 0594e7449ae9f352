import { PgConnection } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { deliver } from "../support/service/sender.ts"
import { apiKey } from "../support/service/ServiceProcess.ts"
import { ask, signIn } from "./askConsole.ts"
import { operatorKey, SharedConsole } from "./ConsoleUnderTest.ts"
import { lifeOfPlayer } from "./lifeOfPlayer.ts"

/** Makes a key from the console, as the operator does. */
const newKey = Effect.fnUntraced(function*(url: string, { scope, tenant }: { readonly tenant: string; readonly scope: string }) {
  const { cookie, csrf } = yield* signIn(url, operatorKey)
  yield* ask(`${url}/console/tenants`, { cookie, form: { name: tenant, time_zone: "UTC", csrf } })
  const made = yield* ask(`${url}/console/tenants/${tenant}/keys`, { cookie, form: { name: `${scope} key`, scope, csrf } })
  return /class="secret">([^<]+)</.exec(made.text)?.[1] ?? assert.fail(made.text)
})

layer(Layer.provideMerge(SharedConsole.layer, TestDatabase.layer), { excludeTestServices: true })(
  "the players, to who attacks the console",
  (it) => {
    it.effect("are erased by nobody but who may, knows the word, and uses the page", () =>
      Effect.gen(function*() {
        const { url } = yield* SharedConsole
        const now = yield* Clock.currentTimeMillis
        yield* deliver(() => url, lifeOfPlayer("victim", { days: 2, now }))
        const player = `${url}/console/t/demo/players/victim`
        const owner = yield* signIn(url, apiKey)
        const reader = yield* signIn(url, yield* newKey(url, { tenant: "demo", scope: "read" }))
        const stranger = yield* signIn(url, yield* newKey(url, { tenant: "other", scope: "admin" }))
        const erase = ({ cookie, csrf }: typeof owner, form: Readonly<Record<string, string>> = {}, headers = {}) =>
          Effect.map(ask(`${player}/erase`, { cookie, form: { csrf, confirm: "victim", ...form }, headers }), ({ status }) => status)

        assert.include((yield* ask(player, { cookie: owner.cookie })).text, "Erase the player")
        const seen = yield* ask(player, { cookie: reader.cookie })
        assert.strictEqual(seen.status, 200)
        assert.notInclude(seen.text, "Erase the player")
        assert.strictEqual(yield* erase(reader), 403)
        assert.strictEqual(yield* erase(stranger), 404)
        assert.strictEqual(yield* erase(owner, { csrf: reader.csrf }), 403)
        assert.strictEqual(yield* erase(owner, { confirm: "victims" }), 422)
        assert.strictEqual(yield* erase(owner, {}, { origin: "http://elsewhere.example" }), 403)
        // A link changes nothing.
        assert.strictEqual((yield* ask(`${player}/erase?confirm=victim`, { cookie: owner.cookie })).status, 404)
        assert.strictEqual((yield* ask(player, { cookie: owner.cookie })).status, 200)

        assert.strictEqual(yield* erase(owner), 200)
        assert.strictEqual((yield* ask(player, { cookie: owner.cookie })).status, 404)
        const { cookie } = yield* signIn(url, operatorKey)
        const { text } = yield* ask(`${url}/console/audit`, { cookie })
        assert.match(text, /demo \/ bootstrap<\/td><td>erase user<\/td><td><code>[\da-f]{32}<\/code>/)
        assert.notInclude(text, "victim")
      }).pipe(Effect.scoped), 60_000)

    it.effect("and their events are of no other tenant, and of nobody who has no scope to read", () =>
      Effect.gen(function*() {
        const { url } = yield* SharedConsole
        const now = yield* Clock.currentTimeMillis
        yield* deliver(() => url, lifeOfPlayer("private", { days: 1, now }))
        const owner = yield* signIn(url, apiKey)
        const stranger = yield* signIn(url, yield* newKey(url, { tenant: "third", scope: "read" }))
        const sender = yield* signIn(url, yield* newKey(url, { tenant: "demo", scope: "ingest" }))
        const list = yield* ask(`${url}/console/t/demo/events?player=private`, { cookie: owner.cookie })
        const [, event = assert.fail()] = /href="\/console\/t\/demo\/(events\/\d+\/\d+)"/.exec(list.text) ?? []
        const pages = ["", "/explain?path=logins.login_count", "/events", "/games", "/boards", "/rejected", "/counters"]
          .map((path) => `players/private${path}`)
        for (const path of ["players", ...pages, "events", "events/newest", event, "leaderboards"]) {
          assert.strictEqual((yield* ask(`${url}/console/t/demo/${path}`, { cookie: owner.cookie })).status, 200, path)
          assert.strictEqual((yield* ask(`${url}/console/t/demo/${path}`, { cookie: stranger.cookie })).status, 404, path)
          assert.strictEqual((yield* ask(`${url}/console/t/demo/${path}`, { cookie: sender.cookie })).status, 403, path)
          const own = yield* ask(`${url}/console/t/third/${path}`, { cookie: stranger.cookie })
          assert.notInclude(own.text, "name of private")
        }
        assert.strictEqual((yield* ask(`${url}/console/t/third/${event}`, { cookie: stranger.cookie })).status, 404)
      }).pipe(Effect.scoped), 60_000)

    it.effect("and a list of events that renews itself keep no session open", () =>
      Effect.gen(function*() {
        const { url } = yield* SharedConsole
        const database = yield* TestDatabase
        const connection = yield* PgConnection.make({ url: database.url })
        for (const [path, isOpen] of [["events", true], ["events/newest?left=9", false]] as const) {
          const { cookie } = yield* signIn(url, apiKey)
          const look = Effect.map(ask(`${url}/console/t/demo/${path}`, { cookie }), ({ status }) => status === 200)
          const age = connection.queryValues("update console_sessions set seen_at = seen_at - interval '20 minutes'")
          yield* age
          assert.isTrue(yield* look)
          yield* age
          assert.strictEqual(yield* look, isOpen, path)
        }
      }).pipe(Effect.scoped), 30_000)

    it.effect("are asked for in any words without a failure of the service", () =>
      Effect.gen(function*() {
        const { url } = yield* SharedConsole
        const now = yield* Clock.currentTimeMillis
        yield* deliver(() => url, lifeOfPlayer("somebody", { days: 1, now }))
        const { cookie } = yield* signIn(url, apiKey)
        const statusOf = (path: string) => Effect.map(ask(`${url}/console/t/demo/${path}`, { cookie }), ({ status }) => status)
        const player = "players/somebody"
        for (
          const [path, status] of [
            ["players?q=%00", 404],
            ["players?q=%25", 200],
            ["players?after=%00", 404],
            [`players/${"x".repeat(257)}`, 404],
            ["players/nobody", 404],
            ["players/%00", 404],
            [`${player}?as_of=nonsense`, 400],
            [`${player}?as_of=99999999999`, 200],
            [`${player}?as_of=0`, 200],
            [`${player}?until=2026-99-99`, 200],
            [`${player}?all=nothing`, 200],
            [`${player}/explain?path=`, 400],
            [`${player}/explain?path=casino.~9`, 400],
            [`${player}/explain?path=casino.XXX.bet_amount`, 404],
            [`${player}/explain?path=activity.x`, 400],
            [`${player}/explain?path=logins.login_count&after=-1`, 200],
            [`${player}/events?before=x`, 200],
            [`${player}/rejected?after=zz`, 400],
            [`${player}/boards?period=never`, 200],
            ["events?kind=nothing", 400],
            ["events?before=9-9", 400],
            ["events?before=99999999999999999-255-999999999999999", 200],
            ["events?before=1-256-1", 400],
            ["events/newest?left=99999999", 200],
            ["events/256/1", 404],
            ["events/0/0", 404],
            ["leaderboards?board=none&period=none", 200],
            ["leaderboards?board=casino_turnover&currency=%00", 400],
            ["leaderboards?board=casino_turnover&currency=EUR&date=2026-13-01", 400],
            ["leaderboards?board=casino_turnover&currency=EUR&player=%00", 404]
          ] as const
        ) assert.strictEqual(yield* statusOf(path), status, path)
      }).pipe(Effect.scoped), 60_000)
  }
)
