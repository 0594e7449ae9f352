import * as Effect from "effect/Effect"
import { availableParallelism, loadavg } from "node:os"

/**
 * How many times as long as on a machine at rest things may take here: other work shares its
 * processors.
 */
export const busyFactor = (): number => Math.min(10, Math.max(3, Math.ceil(3 * (loadavg()[0] ?? 0) / availableParallelism())))

/**
 * Runs an effect and gives the longest that it kept everybody else in this process waiting, in
 * milliseconds of processor time: a machine that has other things to do does not count.
 */
export const longestStep = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<readonly [result: A, milliseconds: number], E, R> =>
  Effect.suspend(() => {
    let longest = 0
    let since = process.cpuUsage()
    let isOver = false
    const look = () => {
      const now = process.cpuUsage()
      longest = Math.max(longest, (now.user + now.system - since.user - since.system) / 1000)
      since = now
      if (!isOver) setImmediate(look)
    }
    setImmediate(look)
    return Effect.map(effect, (result) => [result, longest] as const).pipe(
      Effect.ensuring(Effect.sync(() => {
        isOver = true
      }))
    )
  })
