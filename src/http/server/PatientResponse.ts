import { type IncomingMessage, ServerResponse } from "node:http"
import { sharedTurns } from "../../platform/EventLoopTurns.ts"

/**
 * Bytes of an answer that are written at once. A large answer to one client delays no other client.
 */
const pieceSize = 128 * 1024

/**
 * An answer that writes a large body in pieces.
 *
 * Between two pieces all other connections get their turn.
 */
export class PatientResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  override end(body?: unknown, encoding?: unknown, done?: unknown): this {
    const isLarge = (typeof body === "string" || body instanceof Uint8Array) && body.length > pieceSize
    if (!isLarge) return super.end(body, encoding as BufferEncoding, done as () => void)
    const bytes = typeof body === "string"
      ? Buffer.from(body, typeof encoding === "string" ? encoding as BufferEncoding : "utf8")
      : body
    const callback = typeof encoding === "function" ? encoding : done
    const write = (from: number): void => {
      if (this.destroyed) return
      const to = from + pieceSize
      if (to >= bytes.length) {
        super.end(bytes.subarray(from), callback as () => void)
        return
      }
      const goOn = () => sharedTurns.add(() => write(to))
      if (super.write(bytes.subarray(from, to))) goOn()
      else this.once("drain", goOn)
    }
    write(0)
    return this
  }
}
