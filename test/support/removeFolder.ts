import { rm } from "node:fs/promises"
import { setTimeout } from "node:timers/promises"

/**
 * Removes a folder in which a server that is about to end may still write. It tries for ten
 * seconds.
 *
 * `rm` has `maxRetries` for this, which Deno does not heed.
 */
export const removeFolder = async (folder: string): Promise<void> => {
  for (let tries = 1;; tries++) {
    try {
      return await rm(folder, { recursive: true, force: true })
    } catch (error) {
      if (tries === 100 || !(error instanceof Error && "code" in error && (error.code === "ENOTEMPTY" || error.code === "EBUSY"))) {
        throw error
      }
      await setTimeout(100)
    }
  }
}
