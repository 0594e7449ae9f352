import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { eventKinds } from "../../../src/fasttrack/eventKinds.ts"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../../oracle/generateItems.ts"
import { identityOf } from "../../oracle/referenceCounters.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { sqlOf } from "../../support/database/TestSql.ts"
import { assertCounters, assertLogIsSound } from "../../support/database/wholeLog.ts"
import { startProgram } from "../../support/service/program.ts"
import { deliver } from "../../support/service/sender.ts"
import { startService } from "../../support/service/ServiceProcess.ts"
import { keepRelease } from "./KeptRelease.ts"

/** The name of the release to keep. Without one this file does nothing: see README.md beside it. */
const name = process.env["KEEP_RELEASE"]
/** A working copy of the release; this one unless given. */
const folder = process.env["KEEP_RELEASE_FROM"]
const pgDump = process.env["PG_DUMP"] ?? "pg_dump"

const timeZones = ["Europe/Malta", "America/New_York"] as const

const dump = (url: string) =>
  Effect.promise(async () => {
    const options = ["--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=500", url]
    const { stdout } = await promisify(execFile)(pgDump, options, { maxBuffer: 2 ** 30 })
    // Commands of psql, which nothing else understands.
    return stdout.replaceAll(/^\\(?:un)?restrict \w+$/gm, "")
  })

describe.skipIf(name === undefined)("keeping a release", () => {
  it.live("fills a database through the release's own service, and dumps it", () =>
    Effect.gen(function*() {
      const { url } = yield* TestDatabase
      const run = Effect.fnUntraced(function*(...args: ReadonlyArray<string>) {
        const program = yield* startProgram(args, { DATABASE_URL: Redacted.value(url) }, folder)
        const { code } = yield* program.ended
        assert.strictEqual(code, 0, `${args.join(" ")}: ${program.stdout()}${program.stderr()}`)
      })

      const random = seededRandom(15)
      const { conflictIndexes, items } = generateItems({
        seed: 15,
        users: 16,
        itemsPerUser: 24,
        timeZone: timeZones[1],
        now: new Date(),
        conflicts: true
      })
      const conflicts = new Set(conflictIndexes)
      const mixed = shuffle(random, items.filter((_, index) => !conflicts.has(index)))
      const [first, second, later] = [0, 1, 2].map((third) => mixed.filter((_, index) => index % 3 === third))
      const sent = [...first ?? [], ...second ?? []]
      assert.sameMembers([...new Set(sent.map(({ event }) => event))], Object.keys(eventKinds), "an event of every kind")
      const erasedUser = sent[0]?.data.user_id ?? ""

      const service = yield* startService({ BOOTSTRAP_TIME_ZONE: timeZones[0] }, folder)
      const send = (items: ReadonlyArray<FastTrackItem>) =>
        Effect.forEach(cutIntoBatches(random, items, 200), (batch) => deliver(() => service.url, batch))
      const answers = [...yield* send(first ?? [])]
      yield* run("tenants", "set-zone", "demo", timeZones[1])
      answers.push(...yield* send(second ?? []))
      assert.deepStrictEqual(answers.filter(({ status }) => status !== 204), [])
      // The release keeps them as rejected.
      const known = new Set(sent.map(identityOf))
      const rejected = yield* send(items.filter((item, index) => conflicts.has(index) && known.has(identityOf(item))))
      for (const { text } of rejected) assert.include(text, "idempotency_conflict")
      yield* run("users", "erase", "demo", erasedUser, "--yes")

      const isErased = (item: FastTrackItem) => item.data.user_id === erasedUser
      yield* assertCounters(service.url, sent.filter((item) => !isErased(item)), timeZones[1])
      yield* assertLogIsSound
      yield* run("events", "verify")
      yield* run("projections", "verify")
      yield* service.signal("SIGTERM")
      yield* service.ended

      yield* keepRelease(name ?? "", {
        timeZone: timeZones[1],
        sent,
        later: (later ?? []).filter((item) => !isErased(item)),
        erasedUser,
        sql: yield* dump(Redacted.value(url))
      })
    }).pipe(Effect.provide(sqlOf(TestDatabase.layerOfOne("a release is kept as one database")))), 120_000)
})
