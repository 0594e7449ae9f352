import { NodeServices } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import { serverLayer } from "../../../src/App.ts"
import { afterAnswer, makeDemoStatistics } from "../../../src/cli/demo/DemoStatistics.ts"
import { freePort } from "../../../src/database/embedded/EmbeddedServer.ts"
import { countEvents } from "../../support/database/everyDatabase.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { runCommand, testSettings } from "../runCommand.ts"
import { stubServer } from "./stubServer.ts"

const demo = (...args: ReadonlyArray<string>) => runCommand(["demo", ...args], {})

/** The count on the line of the summary that begins so. */
const countOf = (stdout: string, name: string): number =>
  Number(new RegExp(`^ *${name} +([\\d,]+)`, "m").exec(stdout)?.[1]?.replaceAll(",", "") ?? Number.NaN)

describe("the demo against a server that does not always answer", () => {
  it.live("sends every batch, the same bytes, until it is answered, and not before Retry-After has passed", () =>
    Effect.gen(function*() {
      const busy = { status: 503, headers: { "retry-after": "1" } }
      const { requests, url } = yield* stubServer(["stored", busy, "lost", { status: 500 }, "stored"])
      const result = yield* demo("--url", url, "--key", "k", "--duration", "1500ms", "--rate", "400", "--seed", "5")
      assert.strictEqual(result.code, 0, result.stderr)

      const bulk = requests.filter(({ path }) => path.endsWith("/bulk"))
      const byBody = [...Map.groupBy(bulk, ({ body }) => body).values()]
      for (const attempts of byBody) assert.deepStrictEqual(attempts.map(({ answer }) => answer).slice(attempts.length - 1), ["stored"])
      assert.deepStrictEqual(
        byBody.map((attempts) => attempts.length).sort((a, b) => b - a).reduce((retries, length) => retries + length - 1, 0),
        3
      )
      const refused = bulk.find(({ answer }) => answer === busy) ?? assert.fail()
      const again = bulk.find(({ at, body }) => body === refused.body && at > refused.at) ?? assert.fail()
      assert.isAtLeast(again.at - refused.at, 995)

      const items = byBody.flatMap(([first]): ReadonlyArray<unknown> => JSON.parse(first?.body ?? "").items)
      // 400 a second for 1.5 s; a busy machine sends fewer.
      assert.isAtMost(items.length, 601)
      assert.isAtLeast(items.length, 300)
      assert.strictEqual(countOf(result.stdout, "Sent"), items.length)
      // Deno's fetch repeats a request by itself when the connection it had kept is gone.
      assert.strictEqual(countOf(result.stdout, "retries"), "Deno" in globalThis ? 2 : 3)
      const rejected = countOf(result.stdout, "rejected")
      assert.strictEqual(countOf(result.stdout, "stored") + countOf(result.stdout, "repeats") + rejected, items.length)
      assert.isTrue(
        items.length > 0 &&
          requests.every(({ path }) => /^\/(healthz|api\/v1\/(integrations\/fasttrack\/bulk|users\/counters.*))$/.test(path))
      )
    }))

  it.live("gives up at an answer that sending again does not change", () =>
    Effect.gen(function*() {
      const { requests, url } = yield* stubServer(Array.from({ length: 50 }, () => ({ status: 401 })))
      const result = yield* demo("--url", url, "--key", "wrong", "--rate", "10")
      assert.strictEqual(result.code, 1)
      assert.strictEqual(result.stderr, "playtally: The server answered 401")
      assert.isFalse(result.reported)
      assert.strictEqual(requests.filter(({ path }) => path.endsWith("/bulk")).length, 1)
    }))

  it.live("follows no redirect to another server", () =>
    Effect.gen(function*() {
      const other = yield* stubServer([])
      const { url } = yield* stubServer(Array.from({ length: 50 }, () => ({
        status: 307,
        headers: { location: `${other.url}/api/v1/integrations/fasttrack/bulk` }
      })))
      const result = yield* demo("--url", url, "--key", "k", "--rate", "10")
      assert.strictEqual(result.code, 1)
      assert.deepStrictEqual(other.requests, [])
    }))

  it.live("tells what came of it when it is interrupted", () =>
    Effect.gen(function*() {
      const began = yield* Deferred.make<void>()
      const { url } = yield* stubServer([], () => Deferred.doneUnsafe(began, Effect.void))
      const told = yield* Deferred.make<string>()
      const running = yield* Effect.forkChild(
        runCommand(["demo", "--url", url, "--key", "k", "--duration", "1h", "--rate", "100"], {}, (text) => {
          if (text.startsWith("Sent ")) Deferred.doneUnsafe(told, Effect.succeed(text))
        })
      )
      yield* Deferred.await(began)
      yield* Fiber.interrupt(running)
      assert.isAbove(countOf(yield* Deferred.await(told), "Sent"), 0)
    }))
})

describe("what the demo refuses", () => {
  it.live("another machine, unless that is said and given a key of its own", () =>
    Effect.gen(function*() {
      for (const url of ["http://192.0.2.1:3000", "https://example.com", "http://127.0.0.1.example.com", "http://[::2]:1"]) {
        const refused = yield* demo("--url", url, "--key", "k")
        assert.match(refused.stderr, /is not this machine.*--allow-remote/)
        assert.strictEqual(refused.code, 1)
        const keyless = yield* runCommand(["demo", "--url", url, "--allow-remote"], { BOOTSTRAP_API_KEY: "ours" })
        assert.match(keyless.stderr, /needs its own --key/)
      }
    }))

  it.live("to begin without a server, a key or a URL", () =>
    Effect.gen(function*() {
      const { url } = yield* stubServer([])
      assert.match(
        (yield* demo("--url", `http://127.0.0.1:${yield* Effect.promise(freePort)}`, "--key", "k")).stderr,
        /No server answers at [^]*npm start/
      )
      assert.match((yield* runCommand(["demo", "--url", url], { DATA_DIR: "/nonexistent" })).stderr, /no key in .*bootstrap-api-key/)
      assert.match((yield* demo("--url", "localhost:3000", "--key", "k")).stderr, /is not the URL of a server/)
      for (const bad of [["--rate", "0"], ["--players", "0"], ["--duration", "60"], ["--duration", "25h"]]) {
        assert.strictEqual((yield* demo(...bad)).code, 1)
      }
    }))
})

describe("what the demo counts", () => {
  it("tells apart what was made to be rejected and what was not", () => {
    const item = (nature: "new" | "repeat" | "invalid" | "conflict") => ({ nature, dueAt: 0, item: {} })
    const batch = [item("new"), item("invalid"), item("conflict"), item("repeat"), item("new")]
    const rejection = (index: number, reason: "invalid" | "idempotency_conflict") => ({ index, event: null, id: null, reason, issues: [] })
    const none = makeDemoStatistics().totals()
    const bad = {
      accepted: 1,
      duplicates: 1,
      rejected: [rejection(1, "invalid"), rejection(2, "idempotency_conflict"), rejection(4, "invalid")]
    }
    const totals = afterAnswer(afterAnswer(none, batch, bad), [item("new"), item("repeat")], undefined)
    assert.deepInclude(totals, { answered: 7, stored: 2, repeats: 2, rejected: 3 })
    assert.deepInclude(totals, {
      invalid: { made: 1, rejected: 1 },
      conflicts: { made: 1, rejected: 1 },
      surprise: rejection(4, "invalid")
    })
    assert.isUndefined(afterAnswer(none, batch.slice(0, 3), { ...bad, rejected: bad.rejected.slice(0, 2) }).surprise)
  })

  it("does not depend on which of two batches with the same items comes first", () => {
    const item = (nature: "new" | "repeat" | "invalid") => ({ nature, dueAt: 0, item: {} })
    const [first, second] = [[item("new"), item("new")], [item("repeat"), item("repeat"), item("new"), item("invalid")]]
    const rejected = [{ index: 3, event: null, id: null, reason: "invalid" as const, issues: [] }]
    const none = makeDemoStatistics().totals()
    // The second one overtook the first, so that its repeats are what was stored; the first one's
    // 204 does not tell.
    const overtaken = afterAnswer(afterAnswer(none, second, { accepted: 3, duplicates: 0, rejected }), first, undefined)
    const inOrder = afterAnswer(afterAnswer(none, first, undefined), second, { accepted: 1, duplicates: 2, rejected })
    assert.deepStrictEqual(overtaken, inOrder)
    assert.deepInclude(overtaken, { answered: 6, stored: 3, repeats: 2, rejected: 1 })
  })
})

describe("the demo against the service", () => {
  it.live("has everything stored once, the bad items refused and the counters read back, with the key that the service keeps", () =>
    Effect.gen(function*() {
      const dataDir = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      yield* (yield* FileSystem.FileSystem).writeFileString(`${dataDir}/bootstrap-api-key`, "the-key-that-the-service-keeps-0123\n")
      const port = yield* Effect.promise(freePort)
      const service = serverLayer.pipe(
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({
          ...yield* testSettings,
          BOOTSTRAP_API_KEY: "the-key-that-the-service-keeps-0123",
          PORT: String(port)
        })))
      )
      yield* Effect.gen(function*() {
        const settings = { DATA_DIR: dataDir, PORT: String(port) }
        const { code, stderr, stdout } = yield* runCommand(["demo", "--duration", "2s", "--rate", "1500", "--seed", "8"], settings)
        assert.strictEqual(code, 0, stderr)

        const sql = yield* PgClient.PgClient
        const [counts] = yield* sql<{ refused: number; conflicts: number }>`
          select (select sum(times)::int from rejected_events) as refused,
                 (select count(*)::int from rejected_events where reason = 'idempotency_conflict') as conflicts`
        assert.isAbove(countOf(stdout, "stored"), 2_500)
        assert.strictEqual(countOf(stdout, "stored"), yield* countEvents())
        assert.strictEqual(countOf(stdout, "rejected"), counts?.refused)
        assert.match(stdout, /^ *rejected +\d+: (\d+) of \1 with a mistake, (\d+) of \2 with other content/m)
        assert.notInclude(stdout, "unexpected")
        assert.match(stdout, /^demo-0001 +[A-Z]{3} +[1-9]/m)
      }).pipe(Effect.provide(service))
    }).pipe(Effect.provide(Layer.merge(TestDatabase.layer, NodeServices.layer))))
})
