import { type HostileInput, newId, times } from "./HostileInput.ts"

/**
 * Connections that ask for the documentation again and again, without waiting for the answers,
 * until so much has come.
 */
export const pipelinedDocs: HostileInput = {
  name: "docs",
  connectionsWait: 100,
  attack: async (target, amount) => {
    const [connections, answers] = amount === "all" ? [20, 60] : [5, 3]
    const request = "GET /docs HTTP/1.1\r\nhost: 127.0.0.1\r\naccept-encoding: gzip\r\n\r\n"
    await times(connections, connections, () =>
      new Promise<void>((done) => {
        const socket = target.open(request.repeat(answers))
        let received = 0
        socket.on("data", (chunk: Buffer) => {
          received += chunk.toString("latin1").split("HTTP/1.1 ").length - 1
          if (received >= answers) socket.destroy()
        })
        socket.on("close", () => done())
        socket.setTimeout(60_000, () => socket.destroy())
      }))
  }
}

/** Keys that nobody has, from many connections at once. */
export const unknownKeys: HostileInput = {
  name: "unknown-keys",
  attack: async (target, amount) => {
    const [requests, connections] = amount === "all" ? [40_000, 100] : [1000, 20]
    await times(connections, connections, () =>
      new Promise<void>((done) => {
        const each = requests / connections
        const ask = () => target.head("GET", "/api/v1/changes", { "x-api-key": newId() })
        const socket = target.open(Array.from({ length: Math.min(10, each) }, ask).join(""))
        let left = each
        socket.on("data", (chunk: Buffer) => {
          const answered = chunk.toString("latin1").split("HTTP/1.1 ").length - 1
          left -= answered
          if (left <= 0) socket.destroy()
          else socket.write(Array.from({ length: answered }, ask).join(""))
        })
        socket.on("close", () => done())
        socket.setTimeout(60_000, () => socket.destroy())
      }))
  }
}
