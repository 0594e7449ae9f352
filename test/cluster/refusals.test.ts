import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { createServer } from "node:net"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { startProgram } from "../support/service/program.ts"

/** What a start with some settings says before it ends. */
const refusal = Effect.fnUntraced(function*(settings: Readonly<Record<string, string>>) {
  const { settings: own, url } = yield* TestDatabase
  const program = yield* startProgram(["serve"], { DATABASE_URL: Redacted.value(url), PORT: "0", ...own, ...settings })
  const { code } = yield* program.ended
  assert.strictEqual(code, 1, program.stdout())
  return program.stderr()
})

/** A port that somebody listens on. */
const takenPort = Effect.acquireRelease(
  Effect.callback<ReturnType<typeof createServer>>((resume) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.sync(() => server.close())
).pipe(Effect.map((server) => {
  const address = server.address()
  return address !== null && typeof address === "object" ? address.port : 0
}))

layer(TestDatabase.layer, { excludeTestServices: true })("a start in a cluster", (it) => {
  it.effect("is refused with an address that is none, is taken, or if only a pooler leads to the database", () =>
    Effect.gen(function*() {
      assert.include(yield* refusal({ CLUSTER_ADDRESS: "somewhere" }), "\"somewhere\" is no HOST:PORT such as 10.0.0.5:7400")
      const taken = `127.0.0.1:${yield* takenPort}`
      assert.include(yield* refusal({ CLUSTER_ADDRESS: taken }), `CLUSTER_ADDRESS cannot be used: nothing can listen at ${taken}`)
      const pooled = yield* refusal({ CLUSTER_ADDRESS: "127.0.0.1:7400", DATABASE_POOLER: "session" })
      assert.include(pooled, "Set DATABASE_DIRECT_URL to a way around it.")
    }), 90_000)
})
