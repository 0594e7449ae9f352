import { assert, describe, it, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { execFileSync } from "node:child_process"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../oracle/generateItems.ts"
import { testSql } from "../support/database/TestSql.ts"
import { assertCounters, assertLogIsSound, assertStored } from "../support/database/wholeLog.ts"
import { startKeepAliveLoad } from "../support/service/keepAliveLoad.ts"
import { readFamilies } from "../support/service/metricFamilies.ts"
import { startProgram } from "../support/service/program.ts"
import { deliver, pause, request } from "../support/service/sender.ts"
import { type ServiceProcess, startService } from "../support/service/ServiceProcess.ts"
import { until, untilEffect } from "../support/time/until.ts"

const isDeno = process.versions["deno"] !== undefined

/** The processes that a process has started, by their numbers. */
const childrenOf = (parent: number | undefined): ReadonlyArray<number> =>
  execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, of, ...args]) => Number(of) === parent && args.includes("serve"))
    .map(([pid]) => Number(pid))

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const startTwo = (settings: Readonly<Record<string, string>> = {}) => startService({ PROCESSES: "2", ...settings })

const portOf = ({ url }: ServiceProcess) => Number(new URL(url).port)

/** The values of a metric, by the number of the process. */
const readByProcess = Effect.fnUntraced(function*(url: string, name: string) {
  const { text } = yield* request(`${url}/metrics`)
  return new Map(
    [...text.matchAll(new RegExp(`^${name}\\{process="(\\d)".*\\} (\\S+)$`, "gm"))].map((
      [, process, value]
    ) => [Number(process), Number(value)])
  )
})

/** Asks on a connection of its own, for a process that stands still never answers. */
const askReadiness = (url: string) =>
  request(`${url}/readyz`, { headers: { connection: "close" } }).pipe(
    Effect.timeoutOption("4 seconds"),
    Effect.map((answer) => answer._tag === "Some" ? answer.value : undefined),
    Effect.orElseSucceed(() => undefined)
  )

/** Two processes that several tests use one after the other. */
class Two extends Context.Service<Two, ServiceProcess>()("playtally/test/processes/Two") {
  static readonly layer = Layer.effect(Two, startTwo(isDeno ? { PROCESSES: "1" } : { REQUEST_LOG: "true" }))
}

if (isDeno) process.stdout.write("SKIPPED several processes on one port: Deno cannot hand over a connection\n")

layer(Two.layer.pipe(Layer.provideMerge(testSql)), { excludeTestServices: true })("two processes on one port", (it) => {
  it.effect.skipIf(isDeno)("share the connections, and show the metrics and the log of both", () =>
    Effect.gen(function*() {
      const service = yield* Two
      const load = yield* startKeepAliveLoad({ clients: 6, port: portOf(service), pause: 20 })
      yield* until(() => load.answered() >= 30)
      const open = yield* readByProcess(service.url, "playtally_http_connections")
      assert.isAtLeast(open.get(1) ?? 0, 3)
      assert.isAtLeast(open.get(2) ?? 0, 3)
      const { text } = yield* request(`${service.url}/metrics`)
      const families = readFamilies(text)
      for (const { labels, name } of families.values()) assert.isTrue(labels.has("process"), name)
      assert.deepStrictEqual([...yield* readByProcess(service.url, "playtally_process_up")], [[1, 1], [2, 1]])
      assert.deepStrictEqual([...yield* readByProcess(service.url, "process_resident_memory_bytes")].map(([process]) => process), [0, 1, 2])
      assert.deepStrictEqual((yield* load.finish).failures, [])
      yield* until(() => [1, 2].every((process) => new RegExp(`message=Request.*\\bprocess=${process}\\b`).test(service.stderr())))
      for (const line of service.stderr().trimEnd().split("\n")) assert.match(line, /^timestamp=\S+ level=/)
    }), 60_000)

  it.effect.skipIf(isDeno)("are ready if both are", () =>
    Effect.gen(function*() {
      const service = yield* Two
      assert.strictEqual((yield* askReadiness(service.url))?.status, 200)
      const [still = 0] = childrenOf(service.pid)
      process.kill(still, "SIGSTOP")
      yield* untilEffect(Effect.map(askReadiness(service.url), (answer) => {
        if (answer === undefined || answer.status === 200) return false
        assert.strictEqual(answer.status, 503)
        assert.match(answer.text, /"detail":"Process [12] does not run, or does not answer\."/)
        return true
      }))
      process.kill(still, "SIGCONT")
      yield* untilEffect(Effect.map(askReadiness(service.url), (answer) => answer?.status === 200))
    }), 60_000)

  it.effect.skipIf(isDeno)("count exactly while one of them is killed under load, and is started again", () =>
    Effect.gen(function*() {
      const random = seededRandom(61)
      const { items } = generateItems({ seed: 61, users: 20, userPrefix: "killed-", now: new Date() })
      const batches = cutIntoBatches(random, shuffle(random, items), 60)
      const service = yield* Two
      let answered = 0
      const sending = yield* Effect.forkChild(Effect.forEach(
        batches,
        (batch) =>
          Effect.tap(Effect.retry(deliver(() => service.url, batch), pause), ({ status, text }) =>
            Effect.sync(() => {
              assert.strictEqual(status, 204, text)
              answered++
            })),
        { concurrency: 6 }
      ))
      yield* until(() => answered > batches.length / 4)
      const [killed = 0] = childrenOf(service.pid)
      process.kill(killed, "SIGKILL")
      yield* Fiber.join(sending)
      yield* assertStored(service.url, items)
      yield* assertCounters(service.url, items)
      yield* assertLogIsSound
      yield* untilEffect(Effect.map(
        Effect.retry(readByProcess(service.url, "playtally_process_up"), pause),
        (up) => up.get(1) === 1 && up.get(2) === 1
      ))
      const restarts = yield* readByProcess(service.url, "playtally_process_restarts_total")
      assert.strictEqual((restarts.get(1) ?? 0) + (restarts.get(2) ?? 0), 1)
      assert.match(service.stderr(), /level=ERROR.*has ended and is started again.*process=[12] signal=SIGKILL/)
      assert.isFalse(childrenOf(service.pid).includes(killed))
    }), 60_000)

  it.effect.skipIf(isDeno)(
    "stop together, after a drain that a second signal ends, and without a request that fails",
    () =>
      Effect.gen(function*() {
        const service = yield* startTwo({ DRAIN_SECONDS: "60" })
        const children = childrenOf(service.pid)
        assert.strictEqual(children.length, 2)
        const load = yield* startKeepAliveLoad({ clients: 16, port: portOf(service), pause: 10 })
        yield* until(() => load.answered() >= 50)
        yield* service.signal("SIGTERM", "group")
        yield* untilEffect(Effect.map(askReadiness(service.url), (answer) => answer?.status === 503))
        const atDrain = load.answered()
        yield* until(() => load.answered() > atDrain + 20)
        // Sooner it would be the echo of the first.
        yield* Effect.sleep("1200 millis")
        yield* service.signal("SIGTERM")
        assert.deepStrictEqual(yield* service.ended, { code: 0, signal: null }, service.stderr())
        assert.deepStrictEqual((yield* load.finish).failures, [])
        assert.deepStrictEqual(children.filter(isAlive), [])
        assert.notMatch(service.stderr(), /level=ERROR/)
        // Once more, for a connection that comes as the listener closes is reset.
      }),
    { timeout: 60_000, retry: 1 }
  )

  it.effect.skipIf(isDeno)("leave nothing behind when their supervisor is killed", () =>
    Effect.gen(function*() {
      const service = yield* startTwo()
      const children = childrenOf(service.pid)
      assert.strictEqual(children.length, 2)
      yield* service.signal("SIGKILL")
      yield* until(() => !children.some(isAlive))
    }), 60_000)
})

describe("PROCESSES", () => {
  it.live.each(["0", "many"])("of %s ends the start with one sentence", (processes) =>
    Effect.gen(function*() {
      const program = yield* startProgram(["serve"], { PROCESSES: processes })
      assert.strictEqual((yield* program.ended).code, 1)
      assert.match(program.stderr(), new RegExp(`^playtally: A setting cannot be used: .*"${processes}" is neither auto nor .+\n$`))
    }), 30_000)

  it.live.skipIf(!isDeno)("of more than one ends the start on Deno with one sentence", () =>
    Effect.gen(function*() {
      const program = yield* startProgram(["serve"], { PROCESSES: "2" })
      assert.strictEqual((yield* program.ended).code, 1)
      assert.match(program.stderr(), /^playtally: PROCESSES is 2, and Deno cannot hand a connection to another process\. .+\n$/)
    }), 30_000)

  it.live("number of a process that no supervisor has started ends the start with one sentence", () =>
    Effect.gen(function*() {
      const program = yield* startProgram(["serve"], { PROCESS_NUMBER: "1" })
      assert.strictEqual((yield* program.ended).code, 1)
      assert.match(program.stderr(), /^playtally: PROCESS_NUMBER is set, and no supervisor has started this process\. .+\n$/)
    }), 30_000)
})
