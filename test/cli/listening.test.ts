import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startProgram } from "../support/service/program.ts"

/** A port that somebody listens on. */
const takenPort = Effect.acquireRelease(
  Effect.callback<{ readonly port: number; readonly close: () => void }>((resume) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      if (address === null || typeof address === "string") throw new Error("It listens on a port")
      resume(Effect.succeed({ port: address.port, close: () => void server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

/** Starts the service in a folder that is not there, and gives what it said and its exit code. */
const refused = Effect.fnUntraced(function*(settings: Readonly<Record<string, string>>) {
  const folder = join(tmpdir(), `playtally-never-${process.pid}`)
  const program = yield* startProgram(["serve"], { DATA_DIR: folder, ...settings })
  const { code } = yield* program.ended
  assert.isFalse(existsSync(folder), "nothing was begun")
  assert.strictEqual(program.stdout(), "")
  return { code, said: program.stderr() }
})

describe("serve, where it cannot listen", () => {
  it.live("names PORT in one line if it is taken, and starts nothing", () =>
    Effect.gen(function*() {
      const { port } = yield* takenPort
      const { code, said } = yield* refused({ PORT: String(port) })
      assert.strictEqual(code, 1)
      assert.match(said, new RegExp(`^playtally: PORT ${port} is taken: .+\n$`))
    }))

  const isDeno = process.versions["deno"] !== undefined
  if (isDeno) process.stdout.write("SKIPPED a HOST that is not ours: on Deno it is told when the service listens\n")
  it.live.skipIf(isDeno)(
    "names HOST in one line if it is none of this machine's",
    () =>
      Effect.gen(function*() {
        // For documentation: nobody has it.
        const { code, said } = yield* refused({ PORT: "0", HOST: "192.0.2.1" })
        assert.strictEqual(code, 1)
        assert.match(said, /^playtally: HOST 192\.0\.2\.1 is not an address of this machine\. .+\n$/)
      })
  )
})
