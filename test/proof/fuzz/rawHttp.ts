import { connect, type Socket } from "node:net"

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number
  /** Names lower-cased. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/**
 * What came back on a connection: the answers, and why there were no more if there should have
 * been.
 */
export interface Exchange {
  readonly answers: ReadonlyArray<RawAnswer>
  readonly problem?: "closed" | "timed out" | "not HTTP"
}

/** Bytes to be sent, and milliseconds to wait before each part but the first. */
export interface Sending {
  readonly parts: ReadonlyArray<string | Uint8Array>
  readonly pause?: number
  /** The methods of the requests in it; an answer is awaited for each. */
  readonly methods: ReadonlyArray<string>
  /** No other request follows on the connection. */
  readonly last?: boolean
  /** Goes away after the last byte instead of waiting for an answer. */
  readonly abandon?: boolean
}

/**
 * Connections to one server, each used by one sender at a time and kept for the next as long as the
 * server keeps it.
 */
export class RawClient {
  private readonly idle: Array<Connection> = []
  private readonly port: number

  constructor(url: string) {
    this.port = Number(new URL(url).port)
  }

  async exchange(sending: Sending, patience: number): Promise<Exchange> {
    let connection = this.idle.pop()
    while (connection?.isClosed === true) connection = this.idle.pop()
    connection ??= new Connection(connect(this.port, "127.0.0.1"))
    const exchange = await connection.exchange(sending, patience)
    if (
      exchange.problem === undefined && sending.last !== true && sending.abandon !== true && !connection.isClosed && connection.isDrained
    ) {
      this.idle.push(connection)
    } else connection.destroy()
    return exchange
  }

  close(): void {
    for (const connection of this.idle) connection.destroy()
  }
}

class Connection {
  isClosed = false
  private received: Buffer = Buffer.alloc(0)
  private wake = () => {}
  private readonly socket: Socket

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on("data", (chunk: Buffer) => {
      this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk])
      this.wake()
    })
    socket.on("error", () => {})
    socket.on("close", () => {
      this.isClosed = true
      this.wake()
    })
  }

  /** Nothing is left of what was received. */
  get isDrained(): boolean {
    return this.received.length === 0
  }

  destroy(): void {
    this.socket.destroy()
  }

  async exchange({ abandon, methods, parts, pause }: Sending, patience: number): Promise<Exchange> {
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      this.wake()
    }, patience)
    const sent = this.send(parts, pause)
    if (abandon === true) {
      await sent
      clearTimeout(timer)
      return { answers: [] }
    }
    const answers: Array<RawAnswer> = []
    try {
      for (const method of methods) {
        for (;;) {
          const parsed = parseAnswer(this.received, method, this.isClosed)
          if (parsed === "not HTTP") return { answers, problem: parsed }
          if (parsed !== undefined) {
            this.received = this.received.subarray(parsed.length)
            answers.push(parsed.answer)
            break
          }
          if (timedOut) return { answers, problem: "timed out" }
          if (this.isClosed) return { answers, problem: "closed" }
          await new Promise<void>((resolve) => this.wake = resolve)
        }
        if (answers.at(-1)?.headers.get("connection")?.toLowerCase() === "close") {
          this.destroy()
          this.isClosed = true
        }
      }
      return { answers }
    } finally {
      clearTimeout(timer)
    }
  }

  private async send(parts: Sending["parts"], pause = 0): Promise<void> {
    for (const [nth, part] of parts.entries()) {
      if (nth > 0 && pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
      if (this.isClosed) return
      await new Promise<void>((resolve) => this.socket.write(part, () => resolve()))
    }
  }
}

const headEnd = Buffer.from("\r\n\r\n")

/** The first final answer in the bytes, once it is complete, and its length. */
const parseAnswer = (
  bytes: Buffer,
  method: string,
  ended: boolean
): { readonly answer: RawAnswer; readonly length: number } | "not HTTP" | undefined => {
  const end = bytes.indexOf(headEnd)
  if (end === -1) return bytes.length > 64 * 1024 ? "not HTTP" : undefined
  const [first = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n")
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1] ?? Number.NaN)
  if (Number.isNaN(status)) return "not HTTP"
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(":")
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  }))
  const start = end + headEnd.length
  if (status < 200) {
    const next = parseAnswer(bytes.subarray(start), method, ended)
    return typeof next === "object" ? { answer: next.answer, length: start + next.length } : next
  }
  const answer = (body: Buffer, length: number) => ({ answer: { status, headers, body: body.toString("utf8") }, length })
  if (method === "HEAD" || status === 204 || status === 304) return answer(Buffer.alloc(0), start)
  if (headers.get("transfer-encoding") === "chunked") {
    const chunks: Array<Buffer> = []
    for (let at = start;;) {
      const line = bytes.indexOf("\r\n", at)
      if (line === -1) return undefined
      const size = Number.parseInt(bytes.subarray(at, line).toString("latin1"), 16)
      if (Number.isNaN(size)) return "not HTTP"
      at = line + 2 + size + 2
      if (bytes.length < at) return undefined
      if (size === 0) return answer(Buffer.concat(chunks), at)
      chunks.push(bytes.subarray(line + 2, line + 2 + size))
    }
  }
  const length = headers.get("content-length")
  if (length === undefined) return ended ? answer(bytes.subarray(start), bytes.length) : undefined
  const stop = start + Number(length)
  return bytes.length < stop ? undefined : answer(bytes.subarray(start, stop), stop)
}
