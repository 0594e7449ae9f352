import { readFileSync } from "node:fs"
import { Agent, request } from "node:http"
import { createInterface } from "node:readline"
import { setTimeout } from "node:timers/promises"
import type { Bystander, Window } from "./Bystander.ts"

/*
 * What another tenant does while somebody sends hostile input: it sends small batches, reads a
 * user's counters and opens connections, all the time. A process of its own, which has nothing else
 * to do: whatever the hostile side has to compute does not delay it. It looks after the service,
 * too. Each line of standard input ends a window, which it writes as a line of JSON; after the line
 * `end` it asks nothing more. Usage: bystanderProcess.ts BYSTANDER
 */
const { key, pid, url, userId }: Bystander = JSON.parse(process.argv[2] ?? "")

const kept = new Agent({ keepAlive: true })
const patience = 60_000

interface Asked {
  readonly status: number
  readonly text: string
  readonly milliseconds: number
}

/** What is asked and not answered yet: since when, and where its time goes. */
const pending = new Map<object, { readonly began: number; readonly kind: Kind }>()

const ask = (method: string, path: string, agent: Agent | false, body?: string): Promise<Asked> =>
  new Promise((done, failed) => {
    const began = performance.now()
    const headers = { "x-api-key": key, ...body === undefined ? {} : { "content-type": "application/json" } }
    const sent = request(`${url}${path}`, { method, agent, headers, timeout: patience }, (answer) => {
      let text = ""
      answer.setEncoding("utf8")
      answer.on("data", (chunk: string) => text += chunk)
      answer.on("error", failed)
      answer.on("end", () => done({ status: answer.statusCode ?? 0, text, milliseconds: performance.now() - began }))
    })
    sent.on("timeout", () => sent.destroy(new Error(`no answer in ${patience} ms`)))
    sent.on("error", failed)
    sent.end(body)
  })

const fresh = () => ({ batches: [], reads: [], connections: [], delays: [], resident: 0, stored: 0, failures: [] }) satisfies Window
let window: Record<"batches" | "reads" | "connections" | "delays", Array<number>> & {
  resident: number
  stored: number
  failures: Array<string>
} = fresh()

let serial = 0
const bet = () =>
  JSON.stringify([{
    event: "realtime-casino",
    data: {
      user_id: userId,
      timestamp: new Date().toISOString(),
      unique_id: `bystander-${process.pid}-${++serial}`,
      game_id: "game",
      round_id: "round",
      type: "bet",
      amount: 1,
      currency: "EUR",
      bonus_wager_amount: 0
    }
  }])

const ending = new AbortController()

/** Does something again and again, some milliseconds apart. */
const repeat = async (pause: number, what: () => Promise<void>) => {
  while (!ending.signal.aborted) {
    try {
      await what()
    } catch (cause) {
      window.failures.push(cause instanceof Error ? cause.message : String(cause))
    }
    await setTimeout(pause)
  }
}

type Kind = "batches" | "reads" | "connections"

/**
 * Waits for the answer, whose time counts for the window in which it comes, and whether it is the
 * right one.
 */
const timed = async (kind: Kind, expected: number, asking: Promise<Asked>): Promise<boolean> => {
  pending.set(asking, { began: performance.now(), kind })
  try {
    const { milliseconds, status, text } = await asking
    window[kind].push(milliseconds)
    if (status !== expected) window.failures.push(`${kind}: ${status} ${text.slice(0, 200)}`)
    return status === expected
  } finally {
    pending.delete(asking)
  }
}

/**
 * Nanoseconds that the service's first thread, whose event loop answers, was ready to run and did
 * not get a processor; 0 where nobody counts them.
 */
const waited = (): number => {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ")[1])
  } catch {
    return 0
  }
}

/** The most memory that the service has had, where the system says so. */
const mostResident = (): number => {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

const metric = (text: string, name: string) => Number(new RegExp(`^${name} (.+)$`, "m").exec(text)?.[1])

let before = waited()
const look = async () => {
  const { text } = await ask("GET", "/metrics", kept)
  const now = waited()
  // What it waited for is the machine's doing. What is left is what the service does in one go.
  window.delays.push(Math.max(0, metric(text, "playtally_event_loop_delay_seconds") * 1000 - (now - before) / 1_000_000))
  window.resident = Math.max(window.resident, metric(text, "process_resident_memory_bytes"), mostResident())
  before = now
}

// Before there is an event there are no counters.
await timed("batches", 204, ask("POST", "/api/v1/integrations/fasttrack/bulk", kept, bet()))
window.stored++
while ((await ask("GET", `/api/v1/users/${userId}/counters?consistency=strong`, kept)).status !== 200);
window = { ...fresh(), stored: window.stored, failures: window.failures }

const all = Promise.all([
  repeat(20, async () => {
    if (await timed("batches", 204, ask("POST", "/api/v1/integrations/fasttrack/bulk", kept, bet()))) window.stored++
  }),
  repeat(20, async () => void await timed("reads", 200, ask("GET", `/api/v1/users/${userId}/counters`, kept))),
  repeat(20, async () => void await timed("connections", 200, ask("GET", "/healthz", false))),
  repeat(100, look)
])

const lines = createInterface({ input: process.stdin })
lines.on("line", async (line) => {
  if (line === "end") {
    ending.abort()
    await all
  }
  // What still waits has waited so long at least.
  for (const { began, kind } of pending.values()) window[kind].push(performance.now() - began)
  process.stdout.write(`${JSON.stringify(window)}\n`)
  window = fresh()
})
// Whoever started it has gone.
lines.on("close", () => process.exit(0))
