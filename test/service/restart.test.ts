import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { freePort } from "../../src/database/embedded/EmbeddedServer.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { startKeepAliveLoad } from "../support/service/keepAliveLoad.ts"
import { request } from "../support/service/sender.ts"
import { startService } from "../support/service/ServiceProcess.ts"
import { slowness } from "../support/time/slowness.ts"
import { until, untilEffect } from "../support/time/until.ts"

const statusOf = (url: string) => Effect.map(request(url), ({ status }) => status)

layer(TestDatabase.layer, { excludeTestServices: true })("a process that is told to stop and drains", (it) => {
  it.effect(
    "says so first, serves on, and resets none of 50 kept connections; another on its port takes over",
    () =>
      Effect.gen(function*() {
        const port = yield* Effect.promise(freePort)
        const settings = { PORT: String(port), DRAIN_SECONDS: "1" }
        const service = yield* startService(settings)
        const load = yield* startKeepAliveLoad({ port, clients: 50 })
        yield* until(() => load.answered() > 200)
        yield* service.signal("SIGTERM")
        yield* untilEffect(Effect.map(statusOf(`${service.url}/readyz`), (status) => status === 503))
        // What is sent now is answered: the readiness alone tells.
        const before = load.answered()
        yield* until(() => load.answered() > before + 20)
        assert.deepStrictEqual(yield* service.ended, { code: 0, signal: null }, service.stderr())
        yield* startService(settings)
        const after = load.answered()
        yield* until(() => load.answered() > after + 100)
        const { failures, refused } = yield* load.finish
        assert.isAbove(refused, 0, "nobody listened in between")
        // Deno resets the connections that the kernel has accepted and it has not: one a client.
        if (process.versions["deno"] === undefined) assert.deepStrictEqual(failures, [])
        else assert.deepStrictEqual(failures.slice(50).concat(failures.filter((code) => code !== "ECONNRESET")), [])
      }),
    // Once more, for a connection that comes in the microseconds before the listener closes is
    // reset.
    { timeout: 120_000, retry: 1 }
  )

  it.effect("stops draining at a second signal, but not at the echo of the first", () =>
    Effect.gen(function*() {
      const service = yield* startService({ DRAIN_SECONDS: "60" })
      const ended = yield* Effect.forkChild(service.ended)
      yield* service.signal("SIGTERM")
      yield* service.signal("SIGINT", "group")
      yield* untilEffect(Effect.map(statusOf(`${service.url}/readyz`), (status) => status === 503))
      yield* Effect.sleep("1200 millis")
      assert.strictEqual(yield* statusOf(`${service.url}/healthz`), 200)
      const began = performance.now()
      yield* service.signal("SIGTERM")
      assert.deepStrictEqual(yield* Fiber.join(ended), { code: 0, signal: null }, service.stderr())
      assert.isBelow(performance.now() - began, 9_000 + 1000 * slowness())
    }), 90_000)

  it.effect("does so too at SIGHUP, which a closed terminal sends, and logs as it is told", () =>
    Effect.gen(function*() {
      const service = yield* startService({ LOG_FORMAT: "json", LOG_LEVEL: "INFO", DRAIN_SECONDS: "1" })
      yield* service.signal("SIGHUP", "group")
      assert.deepStrictEqual(yield* service.ended, { code: 0, signal: null }, service.stderr())
      const lines = service.stderr().trimEnd().split("\n").map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
      const told = lines.find(({ message }) => String(message).startsWith("Told to stop"))
      assert.strictEqual(told?.["level"], "INFO")
      assert.match(String(told?.["timestamp"]), /^\d{4}-\d\d-\d\dT.*Z$/)
    }), 90_000)

  it.effect("answers a long poll when its listener has closed", () =>
    Effect.gen(function*() {
      const service = yield* startService({ DRAIN_SECONDS: "1", LOG_LEVEL: "warn" })
      const { cursor } = yield* Effect.map(request(`${service.url}/api/v1/changes`), ({ text }) => ({
        cursor: (JSON.parse(text) as { readonly next_cursor: string }).next_cursor
      }))
      const poll = yield* Effect.forkChild(request(`${service.url}/api/v1/changes?wait=50&cursor=${cursor}`))
      yield* Effect.sleep("300 millis")
      yield* service.signal("SIGTERM")
      assert.strictEqual((yield* Fiber.join(poll)).status, 200)
      assert.deepStrictEqual(yield* service.ended, { code: 0, signal: null })
      // From warnings on.
      assert.notInclude(service.stderr(), "level=INFO")
    }), 90_000)
})
