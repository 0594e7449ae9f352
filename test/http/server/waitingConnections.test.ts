import { assert, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { type AddressInfo, createServer } from "node:net"
import { waitingConnections } from "../../../src/http/server/waitingConnections.ts"

it.skipIf(process.platform !== "linux" || process.versions["deno"] !== undefined)(
  "counts the connections that wait for a listener, of which the process hears only later",
  async () => {
    const server = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = server.address() as AddressInfo
    assert.strictEqual(waitingConnections(address), 0)
    // This process takes nothing over while it waits for the other one.
    const connecting = "let left = 3; for (let n = 0; n < 3; n++) " +
      "require('node:net').connect(Number(process.argv[1]), '127.0.0.1', () => --left === 0 && process.exit(0))"
    const { status } = spawnSync(process.execPath, ["-e", connecting, String(address.port)])
    assert.strictEqual(status, 0)
    assert.strictEqual(waitingConnections(address), 3)
    await new Promise((resolve) => server.close(resolve))
    assert.isUndefined(waitingConnections(address))
  }
)
