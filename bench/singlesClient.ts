import * as Effect from "effect/Effect"
import { spawn, spawnSync } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { closedLoop } from "./closedLoop.ts"
import { getRequest, postRequest } from "./HttpConnection.ts"

/** What is sent, each as soon as the one before has been answered. */
export interface Singles {
  readonly url: string
  /** Where the bodies go; without bodies the requests are `GET`. */
  readonly path: string
  readonly apiKey: string
  /** In this order; from the beginning again once all have been sent. */
  readonly bodies?: ReadonlyArray<string>
  readonly connections: number
  readonly seconds: number
}

/**
 * What came of it. The 99th percentile is in milliseconds, and NaN where the client does not tell
 * it.
 */
export interface SinglesSent {
  readonly perSecond: number
  readonly p99: number
}

/**
 * The client that sends single requests: `wrk` where it is installed, which takes a few
 * microseconds for a request. Else the benchmark's own takes some twenty in JavaScript.
 */
export const singlesClient = (): { readonly name: string; readonly send: (singles: Singles) => Effect.Effect<SinglesSent> } =>
  spawnSync("wrk", ["-v"]).error === undefined ? { name: "wrk", send: sendByWrk } : { name: "the benchmark's own client", send: sendByLoop }

/** Sends the lines of a file, and tells of answers that are no success. */
const script = `
function init(arguments)
  bodies = {}
  for line in io.lines(arguments[1]) do bodies[#bodies + 1] = line end
  sent = 0
  headers = { ["content-type"] = "application/json", ["x-api-key"] = arguments[2] }
end
function request()
  sent = sent % #bodies + 1
  return wrk.format("POST", nil, headers, bodies[sent])
end
`

const milliseconds = { us: 0.001, ms: 1, s: 1000 } as const

const sendByWrk = ({ apiKey, bodies, connections, path, seconds, url }: Singles): Effect.Effect<SinglesSent> =>
  Effect.promise(async (signal) => {
    const folder = await mkdtemp(join(tmpdir(), "playtally-wrk-"))
    try {
      await writeFile(join(folder, "singles.lua"), script)
      await writeFile(join(folder, "bodies"), (bodies ?? []).join("\n"))
      const scripted = bodies === undefined ? [] : ["-s", join(folder, "singles.lua")]
      const told = bodies === undefined ? [] : ["--", join(folder, "bodies"), apiKey]
      const output = await outputOf(
        "wrk",
        ["-t1", `-c${connections}`, `-d${seconds}s`, "--latency", ...scripted, new URL(path, url).href, ...told],
        signal
      )
      const [, rate] = /Requests\/sec: +([\d.]+)/.exec(output) ?? []
      const [, p99, unit] = /99% +([\d.]+)(us|ms|s)/.exec(output) ?? []
      if (rate === undefined || p99 === undefined || /Non-2xx|Socket errors/.test(output)) throw new Error(`wrk: ${output}`)
      return { perSecond: Number(rate), p99: Number(p99) * milliseconds[unit as keyof typeof milliseconds] }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

const outputOf = (file: string, args: ReadonlyArray<string>, signal: AbortSignal): Promise<string> =>
  new Promise((done, failed) => {
    const child = spawn(file, args, { signal, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    child.stdout.on("data", (chunk) => output += String(chunk))
    child.stderr.on("data", (chunk) => output += String(chunk))
    child.on("error", failed)
    child.on("close", () => done(output))
  })

const sendByLoop = ({ apiKey, bodies, connections, path, seconds, url }: Singles): Effect.Effect<SinglesSent> =>
  Effect.promise(async (signal) => {
    const requests = bodies === undefined ? [getRequest(url, path)] : bodies.map((body) => postRequest(url, path, apiKey, body))
    let sent = 0
    const { requests: answered, seconds: taken } = await closedLoop({
      url,
      next: () => requests[sent++ % requests.length],
      connections,
      seconds,
      signal,
      success: [200, 204]
    })
    return { perSecond: answered / taken, p99: NaN }
  })
