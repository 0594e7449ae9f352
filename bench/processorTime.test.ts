import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { processorTime, processTree, tellsProcessorTime } from "./processorTime.ts"

/** A shell whose child is busy, ends, and is followed by one that waits. */
const busyThenWaiting = `sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; echo done; sleep 60`

describe.runIf(tellsProcessorTime)("processorTime", () => {
  it("counts descendants, also those that have ended", async () => {
    const shell = spawn("sh", ["-c", `${busyThenWaiting}; true`], { stdio: ["ignore", "pipe", "ignore"], detached: true })
    const pid = shell.pid ?? 0
    try {
      await new Promise((done) => shell.stdout.once("data", done))
      assert.isAbove(processorTime(pid), 50_000)
      assert.include(processTree(process.pid), pid)
      assert.isAtLeast(processTree(pid).length, 1)
    } finally {
      process.kill(-pid, "SIGKILL")
    }
  })

  it("is nothing for a process that is not there", () => {
    assert.strictEqual(processorTime(2 ** 22 + 1), 0)
  })
})
