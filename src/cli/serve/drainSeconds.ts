import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Settings } from "../../platform/Settings.ts"

/**
 * Seconds of draining if `DRAIN_SECONDS` is not set.
 *
 * A balancer needs some to notice. A user at a terminal need not wait.
 */
const usualDrain = () => process.stdin.isTTY || process.stdout.isTTY ? 0 : 5

/** Seconds for which everything is served after the process was told to stop. */
export const drainSeconds = Effect.map(Settings, ({ drainSeconds }) => Option.getOrElse(drainSeconds, usualDrain))

/** Says that draining begins. */
export const tellDrain = (seconds: number) =>
  Effect.logInfo(`Told to stop: /readyz answers 503, and all else is served for ${seconds} s. A second signal ends that.`)
