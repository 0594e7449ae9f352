import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { databaseLayer } from "../../src/App.ts"
import { SessionUnfit } from "../../src/database/checkSession.ts"
import { runCommand } from "../cli/runCommand.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../oracle/generateItems.ts"
import { databaseProxy } from "../support/database/DatabaseProxy.ts"
import { pgBouncer, pgBouncerProgram } from "../support/database/pgBouncer.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { sqlOf, testApplication } from "../support/database/TestSql.ts"
import { assertCounters, assertLogIsSound, assertNothingElse, assertStored } from "../support/database/wholeLog.ts"
import { deliver } from "../support/service/sender.ts"
import { startService } from "../support/service/ServiceProcess.ts"

type Settings = Readonly<Record<string, string>>

/** The clients with such settings, for as long as it takes. */
const openClients = (settings: Settings) =>
  Effect.scoped(Layer.build(Layer.fresh(databaseLayer).pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(settings))))))

/** Why they do not open. */
const unfit = (settings: Settings) =>
  Effect.map(Effect.flip(openClients(settings)), (error) => error instanceof SessionUnfit ? error.message : assert.fail(String(error)))

/** Runs the statements that a message says, as one who may. */
const mend = Effect.fnUntraced(function*(message: string) {
  const sql = yield* PgClient.PgClient
  const statements = message.match(/alter role [^;]*/g) ?? []
  assert.isNotEmpty(statements, message)
  yield* Effect.forEach(statements, (statement) => sql.unsafe(statement).unprepared)
})

/**
 * What a pooler gives to a session that had begun before the role was changed has the old settings.
 */
const endSessions = Effect.flatMap(
  PgClient.PgClient,
  (sql) =>
    sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name <> ${testApplication}`
)

/** Traffic through a whole service: everything is taken, counted exactly and read again. */
const serves = Effect.fnUntraced(function*(settings: Settings, seed: number) {
  const service = yield* startService(settings)
  const random = seededRandom(seed)
  const { items } = generateItems({ seed, users: 8, timeZone: "UTC", now: new Date() })
  const batches = cutIntoBatches(random, shuffle(random, items), 100)
  const answers = yield* Effect.forEach(
    shuffle(random, [...batches, ...batches.filter(() => random.chance(0.3))]),
    (batch) => deliver(() => service.url, batch),
    { concurrency: 8 }
  )
  assert.deepStrictEqual(answers.filter(({ status }) => status !== 204), [])
  yield* assertCounters(service.url, items, "UTC")
  yield* assertStored(service.url, items, { limit: 50 })
  yield* assertNothingElse(items)
  yield* assertLogIsSound
})

const ofOne = sqlOf(TestDatabase.layerOfOne("a pooler stands in front of one database"))

layer(ofOne, { excludeTestServices: true })("a pooler that has rules about the packet a session begins with", (it) => {
  it.effect("is named where it refuses settings, and is no obstacle once DATABASE_POOLER and the role have them", () =>
    Effect.gen(function*() {
      const proxy = yield* databaseProxy
      yield* proxy.refuseParameters
      const message = yield* unfit({ DATABASE_URL: proxy.url })
      assert.match(message, /a pooler that refuses the setting \w+.*DATABASE_POOLER to session or transaction/)
      const lacking = yield* unfit({ DATABASE_URL: proxy.url, DATABASE_POOLER: "session" })
      assert.match(lacking, /no lock_timeout, no statement_timeout, no idle_in_transaction_session_timeout.*the role has none/)
      assert.match(lacking, /enable_seqscan = 'off'/)
      yield* mend(lacking)
      yield* openClients({ DATABASE_URL: proxy.url, DATABASE_POOLER: "session" })
      yield* openClients({ DATABASE_URL: proxy.url, DATABASE_POOLER: "transaction" })
    }))
})

layer(ofOne, { excludeTestServices: true })("a migration", (it) => {
  it.effect("goes around the pooler where DATABASE_DIRECT_URL leads around it", () =>
    Effect.gen(function*() {
      const direct = Redacted.value((yield* TestDatabase).url)
      const proxy = yield* databaseProxy
      yield* proxy.dropParameters
      yield* mend(yield* unfit({ DATABASE_URL: proxy.url }))
      const migrate = (DATABASE_DIRECT_URL: string) =>
        runCommand(["migrate"], { DATABASE_URL: proxy.url, DATABASE_POOLER: "transaction", DATABASE_DIRECT_URL })
      const astray = yield* migrate("postgres://u:canary@127.0.0.1:1/x")
      assert.deepStrictEqual([astray.code, /127\.0\.0\.1:1/.test(astray.stderr)], [1, true])
      const unread = yield* migrate("postgres://u:canary@127.0.0.1/x?sslcrl=y")
      assert.match(unread.stderr, /DATABASE_DIRECT_URL cannot be used: the parameter sslcrl/)
      assert.notInclude(astray.stderr + unread.stderr, "canary")
      assert.match((yield* migrate(direct)).stdout, /applied 0001/)
    }))
})

layer(ofOne, { excludeTestServices: true })("a pooler that drops settings in silence", (it) => {
  it.effect("is noticed at the start", () =>
    Effect.gen(function*() {
      const proxy = yield* databaseProxy
      yield* proxy.dropParameters
      const lacking = yield* unfit({ DATABASE_URL: proxy.url })
      assert.match(lacking, /no lock_timeout.*a pooler on the way drops the settings/)
      yield* mend(lacking)
      yield* openClients({ DATABASE_URL: proxy.url })
    }))
})

for (const mode of ["session", "transaction"] as const) {
  layer(ofOne, { excludeTestServices: true })(`PgBouncer in ${mode} mode`, (it) => {
    it.effect("serves, once it is said what it is and the role has its limits", (context) =>
      Effect.gen(function*() {
        const program = pgBouncerProgram ?? context.skip("SKIPPED: there is no pgbouncer on this machine")
        const direct = Redacted.value((yield* TestDatabase).url)
        // In transaction mode fewer sessions than the service has connections, and no way around
        // the pooler.
        const asItComes = yield* pgBouncer(program, { pool_mode: mode, default_pool_size: mode === "transaction" ? 4 : 40 })
        assert.match(yield* unfit({ DATABASE_URL: asItComes.url }), /a pooler that refuses the setting/)

        const ignoring = yield* pgBouncer(program, {
          pool_mode: mode,
          ignore_startup_parameters: "lock_timeout,statement_timeout,idle_in_transaction_session_timeout,enable_seqscan,jit,plan_cache_mode"
        })
        const shared = /gives sessions for a transaction only/
        const noLimits = /have no lock_timeout/
        assert.match(yield* unfit({ DATABASE_URL: ignoring.url }), mode === "session" ? noLimits : shared)
        if (mode === "transaction") assert.match(yield* unfit({ DATABASE_URL: asItComes.url, DATABASE_POOLER: "session" }), shared)

        const settings = { DATABASE_URL: asItComes.url, DATABASE_POOLER: mode }
        yield* mend(yield* unfit(settings))
        yield* endSessions
        yield* serves({ ...settings, ...mode === "session" ? { DATABASE_DIRECT_URL: direct } : {} }, 5)
      }), 60_000)
  })
}
