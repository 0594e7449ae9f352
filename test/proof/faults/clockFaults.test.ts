import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { toBody } from "../../oracle/toBody.ts"
import { databaseProxy } from "../../support/database/DatabaseProxy.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { startProgram } from "../../support/service/program.ts"
import { bulkPath, request } from "../../support/service/sender.ts"
import { startService } from "../../support/service/ServiceProcess.ts"
import { untilEffect } from "../../support/time/until.ts"
import { assertExact } from "./checkExactness.ts"
import { startLoad } from "./Load.ts"
import { serverFolder } from "./OwnPostgres.ts"
import { notPossibleHere, scenario, shownTimes } from "./scenario.ts"

const hour = 3_600_000
const day = 24 * hour

/** What a command prints; it must succeed. */
const command = Effect.fnUntraced(function*(...args: ReadonlyArray<string>) {
  const { url } = yield* TestDatabase
  const program = yield* startProgram(args, { DATABASE_URL: Redacted.value(url) })
  assert.strictEqual((yield* program.ended).code, 0, program.stderr())
  return program.stdout()
})

if (process.versions["deno"] !== undefined) {
  notPossibleHere("clock jumps under load", "Deno's threads load no module beforehand that could shift their clock")
} else {
  scenario("clock jumps under load", 120, (told) =>
    Effect.gen(function*() {
      const { url } = yield* TestDatabase
      const offset = join(yield* serverFolder, "offset")
      const setClock = (milliseconds: number) => Effect.promise(() => writeFile(offset, String(milliseconds)))
      /** Sets the clock of both threads, and waits until they go by it. */
      const jumpTo = (milliseconds: number) =>
        Effect.andThen(
          setClock(milliseconds),
          untilEffect(Effect.promise(async () =>
            (await Promise.all([0, 1].map((thread) => readFile(`${offset}.${thread}`, "utf8").catch(() => ""))))
              .every((text) => text === String(milliseconds))
          ))
        )
      yield* setClock(0)
      const proxy = yield* databaseProxy
      const service = yield* startService({
        DATABASE_URL: proxy.url,
        NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, "shiftedClock.ts")).href}`,
        CLOCK_OFFSET_FILE: offset
      })
      const load = yield* startLoad({ seed: told.seed, urls: () => [service.url] })
      yield* load.served
      const times: Array<number> = []
      for (const jump of [hour, -hour, 40 * day, -400 * day, 0, 90_000, -90_000]) {
        yield* jumpTo(jump)
        // Nothing of it makes the service look as if it did not work.
        times.push(yield* load.served)
        for (let look = 0; look < 15; look++) {
          const ready = yield* request(`${service.url}/readyz`)
          assert.strictEqual(ready.status, 200, ready.text)
          yield* Effect.sleep("100 millis")
        }
      }
      told.tell(`7 jumps of up to 400 days, served ${shownTimes(times)} after each`)
      assert.isBelow(Math.max(...times), 5000)

      // A key that is revoked while the clock is set back is taken no longer than otherwise.
      yield* jumpTo(0)
      const made = yield* command("keys", "create", "demo", "engine", "--scopes", "ingest")
      const [, key = ""] = /(pt_\S+)/.exec(made) ?? []
      const send = () =>
        request(service.url + bulkPath, {
          method: "POST",
          body: toBody([]),
          headers: { "content-type": "application/json", "x-api-key": key }
        })
      assert.strictEqual((yield* send()).status, 204)
      yield* jumpTo(-hour)
      const listed = yield* command("keys", "list", "demo")
      const id = listed.split("\n").find((line) => line.includes("engine"))?.split(/\s+/)[0] ?? ""
      yield* command("keys", "revoke", "demo", id)
      yield* Effect.sleep("2500 millis")
      assert.strictEqual((yield* send()).status, 401, "a revoked key")

      // The sender is told that the database is away as soon as ever, though the clock goes back
      // while it is tried again.
      yield* jumpTo(0)
      const unavailable = load.unavailable()
      const away = performance.now()
      yield* proxy.cut
      yield* Effect.sleep("1 second")
      yield* jumpTo(-hour)
      yield* Effect.repeat(Effect.sync(() => load.unavailable()), {
        while: (now) => now < unavailable + 4 && performance.now() < away + 15_000
      })
      assert.isAtLeast(load.unavailable(), unavailable + 4, "503 in time")
      yield* jumpTo(0)
      yield* proxy.restore
      yield* load.served
      yield* assertExact(told, { url: Redacted.value(url) }, service.url, yield* load.finish)
    }).pipe(Effect.provide(TestDatabase.layer)))
}
