import { Command } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { serverLayer } from "../App.ts"
import { Server } from "../http/Server.ts"
import { Draining } from "../http/server/Draining.ts"
import { refuseWhatCannotListen } from "../http/server/refuseWhatCannotListen.ts"
import { Settings } from "../platform/Settings.ts"
import { layerTelemetry } from "../platform/Telemetry.ts"
import { Bootstrap, type BootstrapKey } from "../tenants/Bootstrap.ts"
import { explained } from "./CommandFailed.ts"
import { print } from "./print.ts"
import { signalledAgain } from "./stopOnSignal.ts"

/**
 * `serve`: runs the service until it is told to stop.
 *
 * It prints where the service listens and how to try it.
 */
export const serve = Command.make("serve", {}, () => explained(Effect.andThen(canListen, Effect.scoped(run)))).pipe(
  Command.withDescription("Run the service on the database of the settings, which is migrated first")
)

/** Checks the address before anything slow starts, such as the embedded server or a migration. */
const canListen = Effect.flatMap(Settings, refuseWhatCannotListen).pipe(Effect.provide(Settings.layer))

const run = Effect.gen(function*() {
  const services = yield* Layer.build(serverLayer.pipe(Layer.provide(layerTelemetry("service"))))
  yield* leaveInTime
  yield* Effect.provide(drainFirst, services)
  yield* Effect.flatMap(greeting, (lines) => print(...lines)).pipe(Effect.provide(services))
  return yield* Effect.never
})

/**
 * Milliseconds in which everything must end after the process was told to stop.
 *
 * The process promises 10 s (docs/design.md#starting-and-stopping).
 */
const farewell = 9_000

/**
 * Ends the process after {@link farewell}, even if the database is silent.
 *
 * A silent database would keep the process until its connections are given up, or until all
 * requests in progress have an answer. No client was told that those events are stored, so leaving
 * loses nothing. The timer does not keep a process that ends sooner.
 */
const leaveInTime = Effect.gen(function*() {
  const runFork = Effect.runForkWith(yield* Effect.context())
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      setTimeout(() => {
        runFork(Effect.logWarning("The database says nothing: what is under way is left unanswered"))
        process.exit(0)
      }, farewell).unref()
    })
  )
})

/**
 * Seconds of draining if `DRAIN_SECONDS` is not set.
 *
 * A balancer needs some to notice. A user at a terminal need not wait.
 */
const usualDrain = () => process.stdin.isTTY || process.stdout.isTTY ? 0 : 5

/**
 * Drains the service before it stops.
 *
 * Its finalizer is added last, so it runs first, and the whole service still works meanwhile.
 */
const drainFirst = Effect.gen(function*() {
  const draining = yield* Draining
  const seconds = Option.getOrElse((yield* Settings).drainSeconds, usualDrain)
  yield* Effect.addFinalizer(() =>
    Effect.gen(function*() {
      yield* draining.begin
      if (seconds === 0) return
      yield* Effect.logInfo(`Told to stop: /readyz answers 503, and all else is served for ${seconds} s. A second signal ends that.`)
      yield* Effect.timeoutOption(Effect.interruptible(signalledAgain), `${seconds} seconds`)
    })
  )
})

const greeting = Effect.gen(function*() {
  const { url } = yield* Server
  const { key } = yield* Bootstrap
  yield* Settings
  const shell = keyInShell(key, { isTerminal: process.stdout.isTTY })
  return [
    `playtally listens on ${url}`,
    `  documentation  ${url}/docs`,
    ...key._tag === "Made" && process.stdout.isTTY
      ? [`  API key        ${Redacted.value(key.key)}  (of the tenant "demo"; kept in ${key.file})`]
      : key._tag === "Made" || key._tag === "Kept"
      ? [`  API key        in ${key.file}  (of the tenant "demo")`]
      : [],
    ...shell === undefined
      ? ["  API key        none yet: npm run cli -- tenants create NAME, then keys create NAME KEY --scopes ingest,read"]
      : ["", "Send a bet and read the player's counters:", "", ...curl(url, shell)]
  ]
})

/**
 * How a line for the shell names the key.
 *
 * Only a terminal gets the key itself. Other output is kept, as logs are.
 */
const keyInShell = (key: BootstrapKey, { isTerminal }: { readonly isTerminal: boolean }): string | undefined => {
  switch (key._tag) {
    case "Made":
      return isTerminal ? Redacted.value(key.key) : `$(cat '${key.file}')`
    case "Kept":
      return `$(cat '${key.file}')`
    case "Given":
      return "$BOOTSTRAP_API_KEY"
    case "None":
      return undefined
  }
}

const bet = {
  items: [{
    event: "realtime-casino",
    data: {
      user_id: "player-1",
      timestamp: "2026-01-31T12:00:00Z",
      unique_id: "bet-1",
      game_id: "starburst",
      round_id: "round-1",
      type: "bet",
      amount: 2.5,
      currency: "EUR",
      bonus_wager_amount: 0
    }
  }]
}

const curl = (url: string, key: string): ReadonlyArray<string> => [
  `  curl -H "x-api-key: ${key}" -H "content-type: application/json" -d '${JSON.stringify(bet)}' \\`,
  `    ${url}/api/v1/integrations/fasttrack/bulk && \\`,
  `  curl -H "x-api-key: ${key}" "${url}/api/v1/users/player-1/counters?consistency=strong"`
]
