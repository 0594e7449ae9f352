import { assert, describe, it } from "@effect/vitest"
import { assumptions, type Constants, forecastOf, machinesForRate, machineSize, serversForLog } from "./forecast.ts"
import { bytesText, countText } from "./forecastTables.ts"
import { holds } from "./measureLog.ts"

const constants: Constants = {
  log: { rowBytes: 380, rowWaste: 200, userIdBytes: 12, position: { events: 200_000, leaves: 1_060, fill: 0.66 } },
  rates: {
    acknowledged: 20_000,
    caughtUp: 10_000,
    micros: { service: 40, postgres: 30 },
    microsWithBoards: { service: 50, postgres: 80 },
    recordBytes: 2_000,
    transactions: 2,
    rebuild: 36_000,
    export: 72_000,
    exportBytes: 500,
    freezeBytes: 1e8,
    projectionBytes: 300
  }
}

describe("the forecast", () => {
  it("divides what partitions share, and not what each does for every request", () => {
    const [one, four] = [1, 4].map((partitions) => forecastOf(constants, { events: 4e9, partitions }))
    assert.isDefined(one)
    assert.isDefined(four)
    for (const  of of["heapBytes", "positionBytes", "uniqueBytes", "hotBytes", "rebuildHours", "exportHours", "ofLargestTable"] as const) {
      assert.closeTo((one?.[of] ?? NaN) / (four?.[of] ?? NaN), 4, 0.05, of)
    }
    assert.strictEqual(one?.freezeDays, four?.freezeDays)
    assert.closeTo((one?.touched.unique ?? NaN) / (four?.touched.unique ?? NaN), 4, 0.05)
    assert.closeTo(one?.rebuildHours ?? NaN, 4e9 / 36_000 / 3600, 1e-9)
  })

  it("asks for more memory and more whole pages the more users play", () => {
    const at = (active: number) => forecastOf(constants, { events: 1e9, partitions: 1, assumed: { ...assumptions, active } })
    assert.isBelow(at(0.1).hotBytes, at(0.5).hotBytes)
    // Nearly all leaves are touched if everybody plays, and no more than there are.
    assert.isAbove(at(1).hotShare, 0.9)
    assert.isAtMost(at(1).hotShare, 1)
    // An event that meets a leaf of its own takes a page of PostgreSQL's log.
    assert.closeTo(at(1).walBytes, 2_000 + 8_192, 900)
  })

  it("gives machines by the threads that are busy, and servers by what is short first", () => {
    assert.deepStrictEqual(machinesForRate(constants, 1e5, { ...machineSize, threads: 10, used: 0.5 }), {
      rate: 1e5,
      threads: { service: [4, 5], postgres: [3, 8] },
      processes: 5,
      machines: { service: 1, postgres: 2 }
    })
    const small = serversForLog(constants, 1e10, { ...machineSize, diskBytes: 1e12 })
    const forgetful = serversForLog(constants, 1e10, { ...machineSize, memoryBytes: 2 ** 30, diskBytes: 1e15 })
    assert.strictEqual(small.servers, small.forDisk)
    assert.strictEqual(forgetful.servers, forgetful.forMemory)
    assert.strictEqual(serversForLog(constants, 1e11, { ...machineSize, memoryBytes: 1e15, diskBytes: 1e18 }).servers, 2)
  })

  it("does not hold if it is off by more than is allowed, to either side", () => {
    const off = (model: number) => holds({ what: "", model, real: 1_000, allowed: { below: 0.02, above: 0.1 } })
    assert.deepStrictEqual([979, 981, 1_099, 1_101].map(off), [false, true, true, false])
    assert.isFalse(off(NaN))
  })

  it("writes figures in units that can be read", () => {
    assert.deepStrictEqual([512, 1536, 35.6 * 2 ** 40].map(bytesText), ["512 B", "1.5 KiB", "35.6 TiB"])
    assert.deepStrictEqual([1e10, 2.5e9, 23_400, 116].map(countText), ["1e10", "2.5e9", "23.4k", "116"])
  })
})
