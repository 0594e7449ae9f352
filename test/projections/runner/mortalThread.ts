import { appendFileSync, existsSync, writeFileSync } from "node:fs"
import process from "node:process"

/**
 * A projections' thread that dies once, when the file `MORTAL_THREAD.now` appears, and leaves the
 * file `MORTAL_THREAD` behind. `MORTAL_THREAD.started` has a character for each start.
 */
const died = process.env["MORTAL_THREAD"] ?? ""
appendFileSync(`${died}.started`, "1")
if (!existsSync(died)) {
  const doomed = setInterval(() => {
    if (!existsSync(`${died}.now`)) return
    clearInterval(doomed)
    writeFileSync(died, "")
    process.exit(1)
  }, 5)
}

await import("../../../src/thread.ts")
