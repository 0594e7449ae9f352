import { connect, type Socket } from "node:net"
import { Duplex } from "node:stream"
import { connect as connectTls, type TLSSocket } from "node:tls"
import type { ConnectionTarget, SslMode } from "./ConnectionTarget.ts"
import { tlsOptions } from "./tlsOptions.ts"

/**
 * How one attempt talks to the server.
 *
 * `either` asks for TLS. If the server has none, it goes on in plain text on the same connection.
 */
type Attempt = "plain" | "tls" | "either"

const attemptsOf: Readonly<Record<SslMode, ReadonlyArray<Attempt>>> = {
  disable: ["plain"],
  allow: ["plain", "tls"],
  prefer: ["either", "plain"],
  require: ["tls"],
  "verify-ca": ["tls"],
  "verify-full": ["tls"]
}

const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const [yes, no, error] = [0x53, 0x4e, 0x45]

/**
 * Whether a first packet asks to cancel a statement of another session.
 *
 * The server does not answer such a packet.
 */
const isCancel = (packet: Uint8Array): boolean => packet.length === 16 && Buffer.from(packet).readInt32BE(4) === 80_877_102

const ignore = () => {}

/** What the connections to one target share. */
export interface TargetMemory {
  /**
   * Whether the last session was encrypted.
   *
   * A request to cancel carries the secret of a session. After an encrypted session it never goes
   * in plain text.
   */
  wasEncrypted: boolean
}

/** Opens a TCP connection to a target, or its Unix socket at `path`. */
export const openSocket = ({ address, host, keepAlive, port }: ConnectionTarget, path: string | undefined): Socket =>
  path === undefined
    ? connect({
      host: address ?? host,
      port,
      // A statement is one write and then a wait for its answer: gathering writes would only delay
      // it.
      noDelay: true,
      keepAlive: keepAlive !== undefined,
      ...keepAlive === undefined || keepAlive.idleSeconds === 0 ? {} : { keepAliveInitialDelay: keepAlive.idleSeconds * 1000 }
    })
    : connect({ path })

/**
 * A connection to a server, encrypted as the target's `sslmode` says before the driver's first
 * packet leaves.
 *
 * The driver knows TLS or no TLS, always verifies, and cannot start again. libpq can: `prefer` goes
 * on in plain text if TLS fails, and `allow` with TLS if plain text is refused.
 *
 * A server refuses a kind of connection with an error before it asks for a password. Then the next
 * kind is tried. Until then only the packet with the user and the database was sent. If the server
 * refuses every kind, the driver gets the error of the encrypted attempt.
 *
 * The connection ends after `silence` milliseconds without a byte; 0 is no limit.
 */
export class NegotiatedSocket extends Duplex {
  private readonly target: ConnectionTarget
  private readonly memory: TargetMemory
  private readonly silence: number
  /** The attempts that are left. */
  private attempts: ReadonlyArray<Attempt>
  private socket: Socket | TLSSocket | undefined
  private state: "connecting" | "negotiating" | "waiting" | "answered" = "connecting"
  private encrypted = false
  /** The driver's first packet. Every attempt sends it. */
  private first: Uint8Array = new Uint8Array()
  private firstIsSent: (() => void) | undefined
  /** The error with which the server refused an attempt. */
  private refusal: Uint8Array | undefined

  constructor(target: ConnectionTarget, silence: number, memory: TargetMemory) {
    super({ allowHalfOpen: false })
    this.target = target
    this.memory = memory
    this.silence = silence
    this.attempts = attemptsOf[target.tls.mode]
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.socket === undefined) {
      // The first packet opens the connection: what it asks for decides which attempts are allowed.
      this.first = chunk
      this.firstIsSent = done
      if (isCancel(chunk) && this.memory.wasEncrypted) this.attempts = ["tls"]
      this.begin()
    } else if (this.socket.write(chunk)) done()
    else this.socket.once("drain", done)
  }

  override _read(): void {
    this.socket?.resume()
  }

  override _final(done: () => void): void {
    this.socket?.end()
    done()
  }

  override _destroy(cause: Error | null, done: (error: Error | null) => void): void {
    this.socket?.destroy()
    done(cause)
  }

  /** Begins the next attempt, on a connection of its own. */
  private begin(): void {
    const [kind = "plain", ...others] = this.attempts
    this.attempts = others
    this.state = "connecting"
    this.encrypted = false
    const raw = openSocket(this.target, undefined)
    this.adopt(raw)
    raw.once("connect", () => {
      this.state = "negotiating"
      if (kind === "plain") return this.ready()
      if (this.target.tls.negotiation === "direct") return this.encrypt(raw)
      raw.write(sslRequest)
      raw.once("data", (answer: Uint8Array) => {
        // A third party on the way has added whatever follows the first byte.
        if (answer.length === 1 && answer[0] === yes) return this.encrypt(raw)
        if (answer.length !== 1 || answer[0] !== no) return this.failed(new Error("The server refused to talk about TLS"))
        if (kind === "tls") return this.failed(new Error("The server does not support TLS, which sslmode asks for"))
        this.attempts = []
        this.ready()
      })
    })
  }

  private encrypt(raw: Socket): void {
    this.release(raw)
    let secure: TLSSocket
    try {
      secure = connectTls({ ...tlsOptions(this.target), socket: raw })
    } catch (cause) {
      // Without the file the connection would prove less than the URL asks for.
      raw.destroy()
      return void this.destroy(new Error(`TLS cannot be set up: ${cause instanceof Error ? cause.message : String(cause)}`))
    }
    this.encrypted = true
    this.adopt(secure)
    secure.once("secureConnect", () => {
      if (this.target.tls.negotiation === "direct" && secure.alpnProtocol !== "postgresql") {
        return this.failed(new Error("The server does not talk PostgreSQL in TLS from the first byte on (sslnegotiation=direct)"))
      }
      this.ready()
    })
  }

  private ready(): void {
    this.state = "waiting"
    this.socket?.on("data", this.onData)
    this.socket?.write(this.first)
    this.firstIsSent?.()
    this.firstIsSent = undefined
  }

  private readonly onData = (chunk: Uint8Array): void => {
    if (!this.push(this.state === "answered" ? chunk : this.answer(chunk))) this.socket?.pause()
  }

  /** What the driver gets of the server's first answer; nothing if another attempt follows. */
  private answer(chunk: Uint8Array): Uint8Array {
    if (chunk[0] !== error) {
      this.memory.wasEncrypted = this.encrypted
      this.state = "answered"
      return chunk
    }
    if (this.refusal === undefined || this.encrypted) this.refusal = chunk
    if (this.attempts.length === 0) {
      this.state = "answered"
      return this.refusal
    }
    this.next()
    return new Uint8Array()
  }

  private next(): void {
    if (this.socket !== undefined) {
      this.release(this.socket)
      this.socket.destroy()
    }
    this.begin()
  }

  private failed(cause: Error): void {
    if (this.destroyed) return
    if (this.state === "negotiating" && this.attempts.length > 0) return this.next()
    if (this.state === "negotiating" && this.refusal !== undefined) return void this.push(this.refusal)
    this.destroy(cause)
  }

  private adopt(socket: Socket | TLSSocket): void {
    this.socket = socket
    socket.on("error", this.onError)
    socket.on("close", this.onClose)
    if (this.silence > 0) {
      socket.setTimeout(this.silence, () => this.destroy(new Error(`The database has said nothing for ${this.silence / 1000} s`)))
    }
  }

  private release(socket: Socket | TLSSocket): void {
    socket.off("error", this.onError)
    socket.off("close", this.onClose)
    socket.off("data", this.onData)
    socket.setTimeout(0)
    socket.on("error", ignore)
  }

  private readonly onError = (cause: Error): void => this.failed(cause)

  private readonly onClose = (): void => {
    if (this.state === "negotiating") this.failed(new Error("The server closed the connection before it was encrypted"))
    else this.destroy()
  }
}
