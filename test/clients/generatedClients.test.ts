import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import { cp, mkdtemp, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { removeFolder } from "../support/removeFolder.ts"
import { readCounters } from "../support/service/reader.ts"
import { post, request } from "../support/service/sender.ts"
import { apiKey, startService } from "../support/service/ServiceProcess.ts"
import type { Caller, Seen } from "./callers/typed.ts"

const here = fileURLToPath(new URL(".", import.meta.url))
const modules = fileURLToPath(new URL("../../node_modules", import.meta.url))
const compiler = join(modules, "@typescript/native/bin/tsc")
const runtime = process.versions["deno"] === undefined ? [] : ["run", "-A"]

/** Runs a program to its end and fails with what it said unless that is well. */
const run = (args: ReadonlyArray<string>) =>
  Effect.promise((signal) =>
    new Promise<void>((done, failed) => {
      execFile(process.execPath, [...runtime, ...args], { signal }, (error, stdout, stderr) => {
        if (error === null) done()
        else failed(new Error(`${stdout}${stderr}`, { cause: error }))
      })
    })
  )

/** A folder with the callers, and room for what is generated beside them. */
const workshop = Effect.acquireRelease(
  Effect.promise(async () => {
    const folder = await mkdtemp(join(tmpdir(), "playtally-clients-"))
    await cp(join(here, "callers"), join(folder, "callers"), { recursive: true })
    await symlink(modules, join(folder, "node_modules"))
    return folder
  }),
  (folder) => Effect.promise(() => removeFolder(folder))
)

const casino = (id: string, type: string, amount: number) => ({
  event: "realtime-casino",
  data: {
    user_id: "player-17",
    timestamp: "2026-01-31T12:00:00Z",
    unique_id: id,
    game_id: "game-7",
    round_id: "r-1",
    type,
    amount,
    currency: "EUR",
    bonus_wager_amount: 0
  }
})

layer(TestDatabase.layer, { excludeTestServices: true })("clients generated from the OpenAPI document", (it) => {
  it.effect("compile strictly, know the type of every counter, and read what is there", () =>
    Effect.gen(function*() {
      const { url } = yield* startService()
      const sent = yield* post(url, JSON.stringify([casino("c-1", "bet", 1.5), casino("c-2", "bet", 0.75), casino("c-3", "win", 0)]))
      assert.strictEqual(sent.status, 204, sent.text)
      yield* readCounters(url, "player-17")

      const folder = yield* workshop
      const document = join(folder, "openapi.json")
      const { text } = yield* request(`${url}/openapi.json`)
      yield* Effect.promise(() => writeFile(document, text))
      yield* run([join(here, "generateClients.ts"), document, join(folder, "generated"), url])
      for (const project of ["tsconfig.json", "tsconfig.heyApi.json"]) yield* run([compiler, "-p", join(folder, "callers", project)])

      for (const client of ["openapiFetch", "heyApi", "orvalFetch", "orvalZod"]) {
        const caller = join(folder, "callers", `${client}.ts`)
        const seen = yield* Effect.promise(async () => {
          const { call } = await import(/* @vite-ignore */ caller) as { readonly call: Caller }
          return call(url, apiKey)
        })
        const expected: Seen = {
          betCount: 2,
          betAmount: "2.25",
          lastAt: "2026-01-31T12:00:00.000Z",
          logins: 0,
          username: undefined,
          kinds: ["realtime-casino", "realtime-casino", "realtime-casino"],
          problem: "invalid-request"
        }
        assert.deepStrictEqual(seen, expected, client)
      }
    }), 120_000)
})
