import { Command, Flag } from "effect/cli"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { FetchHttpClient } from "effect/http"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import { Settings } from "../platform/Settings.ts"
import { CommandFailed, explained } from "./CommandFailed.ts"
import { countFlag } from "./countFlag.ts"
import { runDemo } from "./demo/runDemo.ts"

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
const longest = 24 * 3_600_000

/** Milliseconds of "90s", "5m", "1h" or "500ms". */
const parseDuration = (text: string): Option.Option<number> => {
  const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
  const millis = Number(amount) * (units[unit] ?? 0)
  return millis > 0 && millis <= longest ? Option.some(millis) : Option.none()
}

const isLoopback = ({ hostname }: URL): boolean => hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname)

const serverOf = Effect.fnUntraced(function*(given: Option.Option<string>, { allowRemote }: { readonly allowRemote: boolean }) {
  const { port } = yield* Settings
  const text = Option.getOrElse(given, () => `http://127.0.0.1:${port}`)
  const url = URL.parse(text)
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || url.username + url.password !== "" || url.search !== "") {
    return yield* new CommandFailed({ message: `"${text}" is not the URL of a server, such as http://127.0.0.1:3000.` })
  }
  if (!allowRemote && !isLoopback(url)) {
    return yield* new CommandFailed({
      message: `${url.hostname} is not this machine, and the demo fills a server with made-up players: say --allow-remote if that is meant.`
    })
  }
  return url
})

/**
 * The key of the tenant `demo`: the one that is set, or the one that the service keeps beside its
 * data.
 *
 * Only a key that was given goes to another machine.
 */
const keyOf = Effect.fnUntraced(function*(given: Option.Option<Redacted.Redacted>, url: URL) {
  if (Option.isSome(given)) return given.value
  const { bootstrap, dataDir } = yield* Settings
  if (!isLoopback(url)) return yield* new CommandFailed({ message: "A server on another machine needs its own --key." })
  if (Option.isSome(bootstrap.apiKey)) return bootstrap.apiKey.value
  const file = (yield* Path.Path).join(dataDir, "bootstrap-api-key")
  const kept = yield* Effect.option((yield* FileSystem.FileSystem).readFileString(file))
  if (Option.isNone(kept)) {
    return yield* new CommandFailed({ message: `There is no key in ${file}, where \`npm start\` keeps it: say --key KEY.` })
  }
  return Redacted.make(kept.value.trim())
})

// A redirect would lead to a server that the command does not name.
const clientLayer = FetchHttpClient.layer.pipe(Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" })))

/** `demo`: realistic traffic for a running server. */
export const demo = Command.make(
  "demo",
  {
    url: Flag.String("url").pipe(Flag.withDescription("The server; by default the one of PORT on this machine"), Flag.optional),
    key: Flag.Redacted("key").pipe(
      Flag.withDescription("A key with the scopes ingest and read; by default that of the tenant demo"),
      Flag.optional
    ),
    players: countFlag("players", { most: 100_000, otherwise: 200 }).pipe(Flag.withDescription("How many players there are")),
    rate: countFlag("rate", { most: 50_000, otherwise: 500 }).pipe(Flag.withDescription("Items a second")),
    duration: Flag.String("duration").pipe(
      Flag.withDescription("How long, such as 90s, 5m or 1h"),
      Flag.filterMap(parseDuration, () => "Expected up to 24 hours, such as 90s, 5m or 1h"),
      Flag.withDefault(60_000)
    ),
    seed: Flag.Int("seed").pipe(Flag.withDescription("Makes the same players do the same again; random by default"), Flag.optional),
    allowRemote: Flag.Boolean("allow-remote").pipe(Flag.withDescription("Also send to another machine"), Flag.withDefault(false))
  },
  Effect.fnUntraced(
    function*({ allowRemote, duration, players, rate, ...given }) {
      const url = yield* serverOf(given.url, { allowRemote })
      const key = yield* keyOf(given.key, url)
      const seed = Option.isSome(given.seed) ? given.seed.value : (yield* Clock.currentTimeMillis) % 1_000_000
      yield* runDemo({ url, key, players, rate, duration, seed })
    },
    Effect.provide(Layer.merge(Settings.layer, clientLayer)),
    explained
  )
).pipe(
  Command.withDescription("Play FastTrack: send realistic traffic to a running server and watch the counters"),
  Command.withExamples([{ command: "demo --rate 2000 --duration 5m", description: "More and longer" }])
)
