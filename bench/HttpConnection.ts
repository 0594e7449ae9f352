import { connect, type Socket } from "node:net"

/** What a request was answered. */
export interface Answer {
  readonly status: number
  /** Seconds after which to send it again, where the answer says so. */
  readonly retryAfter: number | undefined
  readonly body: string
}

/**
 * One connection that is kept, with one request under way at a time: as cheap a client as there can
 * be, because it shares the processors with what it measures. It understands what the service
 * answers, and no more of HTTP.
 */
export class HttpConnection {
  private readonly socket: Socket
  private received = ""
  private waiting: { readonly answer: (answer: Answer) => void; readonly fail: (cause: Error) => void } | undefined
  private broken: Error | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.setEncoding("latin1")
    socket.on("data", (chunk) => {
      this.received += String(chunk)
      this.read()
    })
    socket.on("error", (cause) => this.break(cause))
    socket.on("close", () => this.break(new Error("the service closed the connection")))
  }

  static open(url: string): Promise<HttpConnection> {
    const { hostname, port } = new URL(url)
    return new Promise((opened, failed) => {
      const socket = connect(Number(port), hostname)
      socket.once("error", failed)
      socket.once("connect", () => {
        socket.off("error", failed)
        opened(new HttpConnection(socket))
      })
    })
  }

  /** Sends the bytes of a request and waits for the whole answer. */
  send(request: Uint8Array): Promise<Answer> {
    return new Promise((answer, fail) => {
      if (this.broken !== undefined) return fail(this.broken)
      if (this.waiting !== undefined) return fail(new Error("a request is under way on this connection"))
      this.waiting = { answer, fail }
      this.socket.write(request)
    })
  }

  close(): void {
    this.socket.destroy()
  }

  private break(cause: Error): void {
    this.broken ??= cause
    this.waiting?.fail(this.broken)
    this.waiting = undefined
  }

  private read(): void {
    const end = this.received.indexOf("\r\n\r\n")
    if (end < 0 || this.waiting === undefined) return
    const head = this.received.slice(0, end)
    const status = Number(head.slice(9, 12))
    const length = status === 204 || status === 304 ? 0 : Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? NaN)
    if (Number.isNaN(length)) return this.break(new Error(`an answer without a length: ${head}`))
    if (this.received.length < end + 4 + length) return
    const body = this.received.slice(end + 4, end + 4 + length)
    this.received = this.received.slice(end + 4 + length)
    const retryAfter = /\r\nretry-after: *(\d+)/i.exec(head)?.[1]
    const { answer } = this.waiting
    this.waiting = undefined
    answer({ status, retryAfter: retryAfter === undefined ? undefined : Number(retryAfter), body })
  }
}

/** The bytes of a request that posts JSON with a key. */
export const postRequest = (url: string, path: string, apiKey: string, body: string): Uint8Array => {
  const bytes = Buffer.from(body)
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${new URL(url).host}`,
    `x-api-key: ${apiKey}`,
    "content-type: application/json",
    `content-length: ${bytes.length}`
  ]
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), bytes])
}

/** The bytes of a request for what anybody may ask. */
export const getRequest = (url: string, path: string): Uint8Array =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${new URL(url).host}\r\n\r\n`)
