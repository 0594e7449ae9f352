import { assert, describe, it } from "@effect/vitest"
import type { ToProcess } from "../../src/processes/ProcessMessage.ts"
import { Supervisor } from "../../src/processes/Supervisor.ts"
import { unmeasured } from "../../src/projections/runner/LagMonitor.ts"

/** The processes that lead partition 3, by what they are told while some are ready. */
const leading = (ready: ReadonlyArray<number>, lead: "Leads" | "Follows" = "Leads") => {
  const supervisor = new Supervisor(3, { settings: {}, hear: () => {}, ended: () => {}, measure: () => "" })
  const told = new Map<number, ToProcess>()
  for (const one of supervisor.processes) {
    one.isReady = ready.includes(one.number)
    one.send = (message) => void told.set(one.number, message)
  }
  const status = { versions: [], running: true, gaps: [], ...unmeasured }
  supervisor.tellStatus({ _tag: "RunnerStatus", partition: 3, status, lead })
  assert.deepStrictEqual([...told.keys()], [1, 2, 3], "each is told how the projections are doing")
  return [...told].flatMap(([number, message]) => message._tag === "RunnerStatus" && message.lead === "Leads" ? [number] : [])
}

describe("what a supervisor leaves to its processes", () => {
  it("is done by the first that is ready, so by the next when that has died", () => {
    assert.deepStrictEqual(leading([1, 2, 3]), [1])
    assert.deepStrictEqual(leading([2, 3]), [2])
    assert.deepStrictEqual(leading([3]), [3])
  })

  it("is done by none while another one leads, or while none is ready", () => {
    assert.deepStrictEqual(leading([1, 2, 3], "Follows"), [])
    assert.deepStrictEqual(leading([]), [])
  })
})
