import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { startProgram } from "../support/program.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

layer(TestDatabase.layer, { excludeTestServices: true })("the first key", (it) => {
  it.effect.each(["x".repeat(31)])(
    "is refused at the start if it is as short as %j, with one line that does not tell it",
    (key) =>
      Effect.gen(function*() {
        const { url } = yield* TestDatabase
        const program = yield* startProgram(["serve"], { DATABASE_URL: Redacted.value(url), BOOTSTRAP_API_KEY: key, PORT: "0" })
        assert.deepInclude(yield* program.ended, { code: 1 })
        assert.strictEqual(program.stdout(), "")
        assert.match(program.stderr(), /^playtally: BOOTSTRAP_API_KEY has \d+ characters, and a key needs at least 32: .*\n$/)
        assert.notInclude(program.stderr(), key)
      })
  )
})
