import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { startProgram } from "../support/service/program.ts"
import { request } from "../support/service/sender.ts"
import { startService } from "../support/service/ServiceProcess.ts"
import { untilEffect } from "../support/time/until.ts"

layer(TestDatabase.layer, { excludeTestServices: true })("the first key", (it) => {
  it.effect.each(["x".repeat(31)])(
    "is refused at the start if it is as short as %j, with one line that does not tell it",
    (key) =>
      Effect.gen(function*() {
        const { settings, url } = yield* TestDatabase
        const program = yield* startProgram(["serve"], {
          DATABASE_URL: Redacted.value(url),
          BOOTSTRAP_API_KEY: key,
          PORT: "0",
          ...settings
        })
        assert.deepInclude(yield* program.ended, { code: 1 })
        assert.strictEqual(program.stdout(), "")
        assert.match(program.stderr(), /^playtally: BOOTSTRAP_API_KEY has \d+ characters, and a key needs at least 32: .*\n$/)
        assert.notInclude(program.stderr(), key)
      })
  )
})

const statusOf = (url: string, key: string) =>
  Effect.map(request(`${url}/api/v1/users/nobody/counters`, { headers: { "x-api-key": key } }), ({ status }) => status)

layer(TestDatabase.layer, { excludeTestServices: true })("a first key and a zone that change between starts", (it) => {
  it.effect("the key before is revoked, also in a process that still has it as its setting; the zone is told and kept", () =>
    Effect.gen(function*() {
      const [before, after] = ["key-before-of-at-least-32-characters", "key-after--of-at-least-32-characters"]
      const one = yield* startService({ BOOTSTRAP_API_KEY: before, BOOTSTRAP_TIME_ZONE: "Europe/Malta" })
      assert.strictEqual(yield* statusOf(one.url, before), 404)
      assert.notInclude(one.stderr(), "BOOTSTRAP")

      const other = yield* startService({ BOOTSTRAP_API_KEY: after, BOOTSTRAP_TIME_ZONE: "Asia/Tokyo" })
      for (const { url } of [one, other]) {
        assert.strictEqual(yield* statusOf(url, after), 404)
        yield* untilEffect(Effect.map(statusOf(url, before), (status) => status === 401))
      }
      assert.match(other.stderr(), /WARN.*BOOTSTRAP_API_KEY is another one than before: the one before is revoked/)
      assert.match(other.stderr(), /WARN.*Asia\/Tokyo.*begin in Europe\/Malta.*tenants set-zone demo Asia\/Tokyo/)
      for (const key of [before, after]) assert.notInclude(other.stderr(), key)
    }))
})
