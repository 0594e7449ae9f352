import { PgConnection } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { apiKey } from "../support/service/ServiceProcess.ts"
import { ask, signIn } from "./askConsole.ts"
import { operatorKey, SharedConsole } from "./ConsoleUnderTest.ts"

layer(Layer.provideMerge(SharedConsole.layer, TestDatabase.layer), { excludeTestServices: true })(
  "the console, to who attacks it",
  (it) => {
    it.effect("changes nothing for a form that is not its own", () =>
      Effect.gen(function*() {
        const { url } = yield* SharedConsole
        const { cookie, csrf } = yield* signIn(url, operatorKey)
        const other = yield* signIn(url, operatorKey)
        const path = `${url}/console/tenants`
        const form = (name: string, token: string) => ({ name, time_zone: "UTC", csrf: token })

        assert.strictEqual((yield* ask(path, { form: form("a", csrf) })).location, "/console/sign-in")
        assert.strictEqual((yield* ask(path, { cookie, form: form("b", "") })).status, 403)
        assert.strictEqual((yield* ask(path, { cookie, form: form("c", other.csrf) })).status, 403)
        for (const headers of [{ origin: "http://elsewhere.example" }, { "sec-fetch-site": "cross-site" }, { origin: "null" }]) {
          assert.strictEqual((yield* ask(path, { cookie, form: form("d", csrf), headers })).status, 403, JSON.stringify(headers))
        }
        const json = yield* ask(path, { cookie, form: form("e", csrf), headers: { "content-type": "text/plain" } })
        assert.strictEqual(json.status, 400)
        assert.strictEqual((yield* ask(path, { cookie, form: { ...form("f", csrf), more: "x".repeat(70_000) } })).status, 400)
        // Another site can sign nobody in, nor out.
        const foreign = { origin: "http://elsewhere.example" }
        assert.strictEqual((yield* ask(`${url}/console/sign-in`, { form: { key: operatorKey }, headers: foreign })).status, 403)
        yield* ask(`${url}/console/sign-out`, { cookie, form: {}, headers: foreign })

        assert.strictEqual((yield* ask(path, { cookie, form: form("own", csrf), headers: { origin: url } })).status, 303)
        const { text } = yield* ask(path, { cookie })
        assert.deepStrictEqual([...text.matchAll(/href="\/console\/tenants\/([^"]+)"/g)].map(([, name]) => name), ["demo", "own"])
      }).pipe(Effect.scoped), 30_000)

    it.effect("gives a tenant nothing of another, and nothing of the operator", () =>
      Effect.gen(function*() {
        const { url } = yield* SharedConsole
        const { cookie, csrf } = yield* signIn(url, apiKey)
        const operator = yield* signIn(url, operatorKey)
        yield* ask(`${url}/console/tenants`, {
          cookie: operator.cookie,
          form: { name: "other", time_zone: "UTC", csrf: operator.csrf }
        })
        const unknown = yield* ask(`${url}/console/t/nobody/players`, { cookie })
        const foreign = yield* ask(`${url}/console/t/other/players`, { cookie })
        assert.deepStrictEqual([unknown.status, foreign.status], [404, 404])
        assert.strictEqual(foreign.text.replaceAll("other", "nobody"), unknown.text)
        assert.strictEqual(
          (yield* ask(`${url}/console/tenants`, { cookie, form: { name: "mine", time_zone: "UTC", csrf } })).status,
          404
        )
        assert.strictEqual(
          (yield* ask(`${url}/console/tenants/other/keys`, { cookie, form: { name: "k", scope: "read", csrf } })).status,
          404
        )
        for (const page of ["projections", "projections/casino", "parked", "jobs/1", "jobs/1/live"]) {
          assert.strictEqual((yield* ask(`${url}/console/${page}`, { cookie })).status, 404, page)
        }
        for (const change of ["1/rebuild", "1/diff", "1/verify", "1/activate", "1/remove", "rollback", "unpark"]) {
          const path = `${url}/console/projections/casino/${change}`
          const form = { confirm: "casino v1", csrf }
          assert.strictEqual((yield* ask(path, { cookie, form })).status, 404, change)
          assert.strictEqual((yield* ask(path, { cookie: operator.cookie, form })).status, 403, change)
        }
        assert.notInclude((yield* ask(`${url}/console/projections/casino`, { cookie: operator.cookie })).text, "/console/jobs/")
        // The operator key opens no endpoint of the API.
        assert.strictEqual((yield* ask(`${url}/api/v1/users`, { headers: { "x-api-key": operatorKey } })).status, 401)
      }).pipe(Effect.scoped), 30_000)

    it.effect("sends nobody to another site after signing in", () =>
      Effect.gen(function*() {
        const { url } = yield* SharedConsole
        for (
          const next of [
            "https://elsewhere.example",
            "//elsewhere.example",
            "/\\elsewhere.example",
            "/console\\..\\",
            "/consoles",
            "/api/v1/users"
          ]
        ) {
          const answer = yield* ask(`${url}/console/sign-in`, { form: { key: operatorKey, next } })
          assert.strictEqual(answer.location, "/console", next)
        }
        assert.strictEqual(
          (yield* ask(`${url}/console/sign-in`, { form: { key: operatorKey, next: "/console/audit?before=7" } })).location,
          "/console/audit?before=7"
        )
      }).pipe(Effect.scoped), 30_000)

    it.effect("loads nothing from elsewhere, runs no inline script, and is kept by no cache", () =>
      Effect.gen(function*() {
        const { url } = yield* SharedConsole
        const { cookie } = yield* signIn(url, operatorKey)
        let bytes = 0
        for (const path of ["sign-in", "overview", "projections", "projections/casino", "tenants", "health", "audit", "unknown"]) {
          const { headers, text } = yield* ask(`${url}/console/${path}`, { cookie })
          assert.strictEqual(headers.get("cache-control"), "no-store")
          assert.include(headers.get("content-security-policy"), "default-src 'none'; script-src 'self'; style-src 'self'")
          assert.notMatch(text, /<script(?! src="\/)|\sstyle=|\son\w+=|(?:src|href)="(?!\/|#)/, path)
          bytes = Math.max(bytes, text.length)
        }
        const { text } = yield* ask(`${url}/console/overview`, { cookie })
        for (const [, path] of text.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)) {
          const asset = yield* ask(url + path)
          assert.strictEqual(asset.status, 200)
          bytes += asset.text.length
        }
        assert.isBelow(bytes, 300_000)
      }).pipe(Effect.scoped), 30_000)

    it.effect("ends a session that was not used for half an hour, and one that is twelve hours old", () =>
      Effect.gen(function*() {
        const { url } = yield* SharedConsole
        const database = yield* TestDatabase
        const { connection } = yield* Effect.map(PgConnection.make({ url: database.url }), (connection) => ({ connection }))
        const isOpen = (cookie: string) => Effect.map(ask(`${url}/console/tenants`, { cookie }), ({ status }) => status === 200)
        for (const age of ["seen_at = seen_at - interval '31 minutes'", "created_at = created_at - interval '13 hours'"]) {
          const { cookie } = yield* signIn(url, operatorKey)
          assert.isTrue(yield* isOpen(cookie))
          yield* connection.queryValues(`update console_sessions set ${age}`)
          assert.isFalse(yield* isOpen(cookie))
        }
        // A use keeps it open.
        const { cookie } = yield* signIn(url, operatorKey)
        for (let use = 0; use < 3; use++) {
          yield* connection.queryValues("update console_sessions set seen_at = seen_at - interval '20 minutes'")
          assert.isTrue(yield* isOpen(cookie))
        }
        // Live figures do not.
        yield* connection.queryValues("update console_sessions set seen_at = seen_at - interval '20 minutes'")
        yield* Effect.promise(async () => {
          const live = await fetch(`${url}/console/overview/live`, { headers: { cookie } })
          assert.strictEqual(live.status, 200)
          await live.body?.cancel()
        })
        const inUse = "select count(*)::int from console_sessions where seen_at > clock_timestamp() - interval '19 minutes'"
        assert.deepStrictEqual(yield* connection.queryValues(inUse), [[0]])
      }).pipe(Effect.scoped), 30_000)

    it.effect("keeps at most fifty sessions of a key, and neither a token nor a key", () =>
      Effect.gen(function*() {
        const { url } = yield* SharedConsole
        const database = yield* TestDatabase
        const connection = yield* PgConnection.make({ url: database.url })
        const sessions = yield* Effect.forEach(
          Array.from({ length: 52 }),
          () => ask(`${url}/console/sign-in`, { form: { key: operatorKey } })
        )
        assert.deepStrictEqual(yield* connection.queryValues("select count(*)::int from console_sessions where is_operator"), [[50]])
        const [[kept]] = (yield* connection.queryValues("select string_agg(s::text, '') from console_sessions s")) as [[string]]
        for (const { cookie } of sessions) assert.notInclude(kept, cookie.split("=")[1] ?? "")
        assert.notInclude(kept, Buffer.from(operatorKey).toString("hex"))
      }).pipe(Effect.scoped), 30_000)

    it.effect("lets an address try few unknown keys", () =>
      Effect.gen(function*() {
        const { url } = yield* SharedConsole
        const answers = yield* Effect.forEach(
          Array.from({ length: 150 }, (_, nth) => nth),
          (nth) => ask(`${url}/console/sign-in`, { form: { key: `a guess ${nth}` } }),
          { concurrency: 10 }
        )
        assert.include(answers.map(({ status }) => status), 429)
        assert.notInclude(answers.map(({ status }) => status), 303)
        assert.strictEqual((yield* ask(`${url}/console/sign-in`, { form: { key: operatorKey } })).status, 303)
      }).pipe(Effect.scoped), 30_000)
  }
)
