import { connect, type Socket } from "node:net"
import { bulkPath } from "../../../support/service/sender.ts"

export interface Answered {
  readonly status: number
  readonly text: string
}

/**
 * What the statuses of a refusal are: of the request, or because there is too much at the moment.
 */
const isRefusal = (status: number) => (status >= 400 && status < 500) || status === 503

/** The service as a hostile tenant sees it, who has a valid key. Remembers what it was told. */
export class Target {
  /** Events that were acknowledged. */
  stored = 0
  /** The most bytes in one body. */
  longestBody = 0
  /** Answers that nobody should get: a line each. */
  readonly failures: Array<string> = []
  readonly url: string
  readonly key: string
  private readonly sockets = new Set<Socket>()

  constructor(url: string, key: string) {
    this.url = url
    this.key = key
  }

  /**
   * Sends a body that holds so many items, and again while the answer is 503, as the sender does.
   */
  async post(body: string, items: number): Promise<Answered> {
    this.longestBody = Math.max(this.longestBody, Buffer.byteLength(body))
    for (;;) {
      const answer = await this.ask(bulkPath, { method: "POST", body, headers: { "content-type": "application/json" } })
      if (answer.status === 503) {
        await new Promise((resolve) => setTimeout(resolve, 50))
        continue
      }
      if (answer.status === 204) this.stored += items
      else if (answer.status === 200) this.stored += (JSON.parse(answer.text) as { readonly accepted: number }).accepted
      return answer
    }
  }

  /** Sends items that have to be refused, whatever the service says of them. */
  async refused(body: string): Promise<void> {
    const before = this.stored
    const { status, text } = await this.post(body, 1)
    if (this.stored !== before) {
      this.failures.push(`taken with ${status}: ${body.slice(0, 100)}… (${body.length} characters) ${text.slice(0, 100)}`)
    }
  }

  /** Sends items that have to be stored. */
  async taken(items: ReadonlyArray<unknown>): Promise<void> {
    const { status, text } = await this.post(JSON.stringify({ items }), items.length)
    if (status !== 204) this.failures.push(`valid items are answered ${status} ${text.slice(0, 200)}`)
  }

  /** Reads a path; refusals are fine. */
  async get(path: string): Promise<Answered> {
    return this.ask(path, {})
  }

  /** A connection whose bytes are the caller's business. */
  open(bytes: string | Uint8Array): Socket {
    const { hostname, port } = new URL(this.url)
    const socket = connect(Number(port), hostname)
    socket.on("error", () => {})
    socket.write(bytes)
    this.sockets.add(socket)
    return socket
  }

  /** The head of a request with the key. */
  head(method: string, path: string, headers: Readonly<Record<string, string>> = {}): string {
    const all = { host: "127.0.0.1", "x-api-key": this.key, ...headers }
    return [`${method} ${path} HTTP/1.1`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n")
  }

  /** Ends the connections that were opened. */
  close(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  private async ask(path: string, init: RequestInit): Promise<Answered> {
    try {
      const response = await fetch(this.url + path, {
        ...init,
        headers: { "x-api-key": this.key, ...init.headers as Record<string, string> },
        signal: AbortSignal.timeout(120_000)
      })
      const text = await response.text()
      if (response.status >= 300 && !isRefusal(response.status)) {
        this.failures.push(`${path} is answered ${response.status} ${text.slice(0, 200)}`)
      }
      return { status: response.status, text }
    } catch (cause) {
      const failure = cause instanceof Error ? `${cause.message} ${String(cause.cause ?? "")}` : String(cause)
      this.failures.push(`${path} is not answered: ${failure}`)
      return { status: 0, text: "" }
    }
  }
}
