import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { missingMigrations } from "../../src/database/Migrations.ts"
import { runCommand } from "../cli/runCommand.ts"
import { cutIntoBatches, seededRandom, shuffle } from "../oracle/generateItems.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { sqlOf } from "../support/database/TestSql.ts"
import { assertCounters, assertLogIsSound, assertNothingElse, assertStored } from "../support/database/wholeLog.ts"
import { deliver } from "../support/service/sender.ts"
import { startService } from "../support/service/ServiceProcess.ts"
import { keptReleases, readRelease, restoreRelease } from "./releases/KeptRelease.ts"

/**
 * The database that a released version left is taken over by the present code: nothing is lost, a
 * resend is still a duplicate, and every counter is still the fold of the log.
 */
describe("the database of a released version", () => {
  it.live.each(keptReleases)("%s serves the present code, without a loss and without a number changed", (name) =>
    Effect.gen(function*() {
      const release = yield* readRelease(name)
      const { erasedUser, later, timeZone } = release
      const sent = release.sent.filter(({ data }) => data.user_id !== erasedUser)
      yield* restoreRelease(release)
      const { url } = yield* TestDatabase

      // The key of the first start is the one that the release was given.
      const service = yield* startService()
      assert.deepStrictEqual(yield* missingMigrations, [])
      yield* assertLogIsSound
      yield* assertNothingElse(release.sent)
      yield* assertCounters(service.url, sent, timeZone)

      const random = seededRandom(1)
      const mixed = shuffle(random, [...sent, ...later])
      for (const batch of cutIntoBatches(random, mixed)) {
        const { status, text } = yield* deliver(() => service.url, batch)
        assert.strictEqual(status, 204, text)
      }
      yield* assertLogIsSound
      yield* assertNothingElse([...release.sent, ...later])
      yield* assertStored(service.url, mixed)
      yield* assertCounters(service.url, mixed, timeZone)
      for (const command of [["events", "verify"], ["projections", "verify"]]) {
        const { code, stderr, stdout } = yield* runCommand(command, { DATABASE_URL: Redacted.value(url) })
        assert.strictEqual(code, 0, `${command.join(" ")}: ${stdout}${stderr}`)
      }

      const sql = yield* PgClient.PgClient
      const [erased] = yield* sql`select count(*)::int as events from events where user_id = ${erasedUser}`
      assert.deepStrictEqual(erased, { events: 0 })
    }).pipe(Effect.provide(sqlOf(TestDatabase.layerOfOne("a released version left one database")))), 60_000)
})
