import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { BulkItems } from "../../../src/fasttrack/BulkItems.ts"
import { decodeItem } from "../../../src/fasttrack/decodeItem.ts"
import { bodyItems, parsedItems } from "../../support/events/bulkItems.ts"

/**
 * How the stub answers one bulk request: as if it had stored the batch, by breaking the connection,
 * or with a status.
 */
export type StubAnswer = "stored" | "lost" | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }

export interface StubRequest {
  readonly path: string
  readonly body: string
  /** Milliseconds. */
  readonly at: number
  readonly answer: StubAnswer
}

const bulkPath = "/api/v1/integrations/fasttrack/bulk"

const rejectionsIn = (items: BulkItems) =>
  parsedItems(items).flatMap((item, index) =>
    Result.match(decodeItem(item), {
      onSuccess: () => [],
      onFailure: ({ event, id, issues }) => [{ index, event, id, reason: "invalid", issues }]
    })
  )

const reply = (request: IncomingMessage, response: ServerResponse, body: string, answer: StubAnswer) => {
  if (answer === "lost") return request.socket.destroy()
  if (answer !== "stored") return response.writeHead(answer.status, answer.headers).end()
  const items = bodyItems(body)
  const rejected = rejectionsIn(items)
  if (rejected.length === 0) return response.writeHead(204).end()
  const report = { accepted: items.count - rejected.length, duplicates: 0, rejected }
  return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(report))
}

const listen = (server: Server) =>
  Effect.callback<string>((resume) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resume(Effect.succeed(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`))
    })
  })

/**
 * A server that answers bulk requests by a script: the answers in turn, then `stored` for ever.
 * `onBulk` is called before each.
 */
export const stubServer = Effect.fnUntraced(function*(script: ReadonlyArray<StubAnswer>, onBulk: () => void = () => {}) {
  const requests: Array<StubRequest> = []
  const answers = script.values()
  const server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8").on("data", (text: string) => body += text).on("end", () => {
      const path = request.url ?? ""
      const answer = path === bulkPath ? answers.next().value ?? "stored" : { status: path === "/healthz" ? 204 : 403 }
      requests.push({ path, body, at: performance.now(), answer })
      if (path === bulkPath) onBulk()
      reply(request, response, body, answer)
    })
  })
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      server.close()
      server.closeAllConnections()
    })
  )
  return { url: yield* listen(server), requests }
})
