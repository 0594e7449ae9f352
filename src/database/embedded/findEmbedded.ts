import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { readFile, stat } from "node:fs/promises"
import { join, resolve } from "node:path"
import { answersAt } from "./answersAt.ts"
import { attempt } from "./EmbeddedPostgresError.ts"
import { readPostmaster, usualPort } from "./EmbeddedServer.ts"
import { type Place, socketIn } from "./Place.ts"

/** Where the embedded server of a data folder is, or will be after its start. */
export interface FoundEmbedded {
  readonly place: Place
  readonly isRunning: boolean
  readonly passwordFile: string
  readonly password: Redacted.Redacted
}

/**
 * Looks for the embedded server of a data folder; undefined if the folder holds no database.
 *
 * It starts and makes nothing.
 */
export const findEmbedded = Effect.fn("findEmbedded")(function*(directory: string) {
  const dataDir = resolve(directory)
  const home = join(dataDir, "postgres")
  const cluster = { data: join(home, "data") }
  if (!(yield* Effect.promise(() => stat(home).then(() => true, ({ code }) => code !== "ENOENT")))) return undefined
  const passwordFile = join(home, "password")
  const password = yield* attempt(dataDir, `read ${passwordFile}`, () => readFile(passwordFile, "utf8"))
  const running = (yield* readPostmaster(cluster))?.place
  const isRunning = running !== undefined && (yield* answersAt(running))
  const place = isRunning ? running : socketIn(home) ?? { host: "127.0.0.1", port: yield* usualPort(cluster) }
  return { place, isRunning, passwordFile, password: Redacted.make(password.trim()) } satisfies FoundEmbedded
})
