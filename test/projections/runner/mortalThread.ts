import { existsSync, writeFileSync } from "node:fs"
import process from "node:process"

/**
 * A projections' thread that dies once, when the file `MORTAL_THREAD.now` appears, and leaves the
 * file `MORTAL_THREAD` behind.
 */
const died = process.env["MORTAL_THREAD"] ?? ""
if (!existsSync(died)) {
  const doomed = setInterval(() => {
    if (!existsSync(`${died}.now`)) return
    clearInterval(doomed)
    writeFileSync(died, "")
    process.exit(1)
  }, 5)
}

await import("../../../src/thread.ts")
