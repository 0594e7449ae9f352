import { connect } from "node:net"
import { parentPort, workerData } from "node:worker_threads"

/** Where to, how many connections, and what each sends again and again. */
export interface Flood {
  readonly port: number
  readonly connections: number
  readonly request: string
  /** Whether answers are read. */
  readonly reads: boolean
  readonly milliseconds: number
}

/*
 * In a thread of its own: sends requests on each connection as fast as it takes them, without
 * waiting for answers, for so long. Says when it begins, and then how many bytes of answers it got.
 * A connection that is closed is opened again.
 */
const { connections, milliseconds, port, reads, request }: Flood = workerData
const batch = Buffer.from(request.repeat(Math.ceil(64 * 1024 / request.length)))
const end = performance.now() + milliseconds
let received = 0

const flood = (): void => {
  if (performance.now() > end) return
  const socket = connect(port, "127.0.0.1")
  socket.on("error", () => {})
  socket.on("close", () => setTimeout(flood, 10))
  if (reads) socket.on("data", (chunk) => received += chunk.length)
  const send = (): void => {
    if (socket.write(batch)) setImmediate(send)
    else socket.once("drain", send)
  }
  socket.on("connect", send)
  setTimeout(() => socket.destroy(), end - performance.now())
}
for (let nth = 0; nth < connections; nth++) flood()
setTimeout(() => {
  parentPort?.postMessage(received, [])
}, milliseconds + 50)
