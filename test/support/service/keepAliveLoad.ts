import * as Effect from "effect/Effect"
import { Agent, request } from "node:http"
import { bulkPath } from "./sender.ts"
import { apiKey } from "./ServiceProcess.ts"

/** What came of a load. */
export interface KeepAliveOutcome {
  /**
   * What was not 204, a status or the code of an error; refused connections apart, for nothing was
   * sent on them.
   */
  readonly failures: ReadonlyArray<number | string>
  readonly refused: number
  readonly answered: number
}

/**
 * Clients that keep their connections and send one event after the other, until the load is
 * finished.
 *
 * What is refused is sent again. What fails in another way is told as a failure, and not sent
 * again.
 */
export const startKeepAliveLoad = (
  { clients, pause = 100, port }: { readonly clients: number; readonly pause?: number; readonly port: number }
) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const agent = new Agent({ keepAlive: true, maxSockets: clients })
        const failures: Array<number | string> = []
        let [answered, refused, sent] = [0, 0, 0]
        const over = { asked: false }
        const send = (body: string) =>
          new Promise<number | string>((resolve) => {
            const headers = { "x-api-key": apiKey, "content-type": "application/json", "content-length": Buffer.byteLength(body) }
            const asked = request({ host: "127.0.0.1", port, agent, method: "POST", path: bulkPath, headers }, (response) => {
              response.resume()
              response.on("end", () => resolve(response.statusCode ?? 0))
              response.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
            })
            asked.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
            asked.end(body)
          })
        const wait = (most: number) => new Promise((resolve) => setTimeout(resolve, most * (0.5 + Math.random() / 2)))
        const client = async (user: string) => {
          while (!over.asked) {
            const data = { user_id: user, timestamp: "2026-01-20T10:00:00Z", unique_id: `kept-${process.pid}-${sent++}` }
            const body = JSON.stringify([{ event: "realtime-login", data }])
            let outcome = await send(body)
            while (outcome === "ECONNREFUSED" && !over.asked) {
              refused++
              await wait(pause)
              outcome = await send(body)
            }
            if (outcome === 204) answered++
            else if (outcome !== "ECONNREFUSED") failures.push(outcome)
            await wait(pause)
          }
        }
        const all = Promise.all(Array.from({ length: clients }, (_, nth) => client(`kept-${nth}`)))
        const end = () => {
          over.asked = true
          return all.then(() => agent.destroy())
        }
        return { answered: () => answered, outcome: (): KeepAliveOutcome => ({ failures, refused, answered }), end }
      }),
      ({ end }) => Effect.promise(end)
    ),
    ({ answered, end, outcome }) => ({ answered, finish: Effect.map(Effect.promise(end), outcome) })
  )
