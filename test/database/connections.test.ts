import { assert, describe, it } from "@effect/vitest"
import { budgetOf, connectionsOfJobs, connectionsOfService } from "../../src/database/connections.ts"
import { mostProcesses } from "../../src/platform/Settings.ts"

/** PostgreSQL's usual 100, without the 3 for superusers; and those of the embedded server. */
const [usual, embedded] = [97, 297]

describe("the connections of several processes", () => {
  it("are those of one process without PROCESSES", () => {
    assert.deepStrictEqual(budgetOf(1), { reading: 8, histories: 3, client: 16, append: 8, keys: 2 })
    assert.strictEqual(connectionsOfService(1), 42)
  })

  it("are 27 more of the jobs of all processes, to each database", () => {
    for (const databases of [1, 3, 8]) assert.strictEqual(connectionsOfJobs(databases), 27)
  })

  it("leave each process some of every kind, and some of the client to all that does not read", () => {
    for (let processes = 1; processes <= mostProcesses; processes++) {
      const { append, client, histories, keys, reading } = budgetOf(processes)
      assert.isAtLeast(Math.min(reading, histories, keys), 1)
      assert.isAtLeast(append, 2)
      assert.isAtLeast(client - reading - histories, 4)
    }
  })

  it("fit in PostgreSQL's usual hundred for up to six, and always in the embedded server", () => {
    for (let processes = 1; processes <= 6; processes++) assert.isAtMost(connectionsOfService(processes), usual, `${processes} processes`)
    assert.isAtMost(connectionsOfService(mostProcesses), embedded)
    assert.strictEqual(connectionsOfService(mostProcesses), 164)
  })
})
