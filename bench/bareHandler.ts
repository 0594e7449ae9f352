/*
 * A bare `node:http` handler in a process of its own: it reads each body and answers 204. It is
 * what the service's single requests are measured against.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

const server = createServer((request, response) => {
  const parts: Array<Buffer> = []
  request.on("data", (part: Buffer) => parts.push(part))
  request.on("end", () => {
    Buffer.concat(parts)
    response.writeHead(204).end()
  })
})

server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})
